package main

import (
	"github.com/gophercloud/gophercloud"
	"github.com/gophercloud/gophercloud/openstack/common/extensions"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/extensions/quotas"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/extensions/security/groups"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/extensions/security/rules"
	"os"
)

func securityGroups(client *gophercloud.ServiceClient) {
	group, err := groups.Create(client, groups.CreateOpts{Name: "web", Description: "from Go"}).Extract()
	must("create a group", err)
	expect("its egress rules", len(group.Rules), 2)
	group, err = groups.Update(client, group.ID, groups.UpdateOpts{Name: "web 2", Description: text("")}).Extract()
	must("update the group", err)
	expect("its description", group.Description, "")
	var made []string
	for _, opts := range []rules.CreateOpts{
		{Protocol: rules.ProtocolTCP, EtherType: rules.EtherType4, PortRangeMin: 80, PortRangeMax: 90, RemoteIPPrefix: "10.0.0.0/8"},
		{Protocol: rules.ProtocolUDP, EtherType: rules.EtherType6, PortRangeMin: 53, PortRangeMax: 53, RemoteGroupID: group.ID},
		{Protocol: rules.ProtocolICMP, EtherType: rules.EtherType4, PortRangeMin: 8},
		{Protocol: rules.ProtocolIPv6ICMP, EtherType: rules.EtherType6},
		{Protocol: rules.ProtocolVRRP, EtherType: rules.EtherType4},
		{Protocol: "0", EtherType: rules.EtherType4},
		{EtherType: rules.EtherType4},
		{Protocol: "112", EtherType: rules.EtherType6},
	} {
		opts.Direction = rules.DirIngress
		opts.SecGroupID = group.ID
		rule, err := rules.Create(client, opts).Extract()
		must("create a rule of "+string(opts.Protocol), err)
		expect("its protocol", rule.Protocol, string(opts.Protocol))
		expect("its ports", []int{rule.PortRangeMin, rule.PortRangeMax}, []int{opts.PortRangeMin, opts.PortRangeMax})
		refused("the same rule of "+string(opts.Protocol), rules.Create(client, opts).Err, 409)
		made = append(made, rule.ID)
	}
	page, err := rules.List(client, rules.ListOpts{SecGroupID: group.ID, Direction: "ingress", Limit: 3}).AllPages()
	must("list rules", err)
	found, err := rules.ExtractRules(page)
	must("read rules", err)
	expect("how many rules", len(found), len(made))
	for _, id := range made {
		must("delete a rule", rules.Delete(client, id).ExtractErr())
	}
	named, err := groups.List(client, groups.ListOpts{Name: "web 2"}).AllPages()
	must("list groups by name", err)
	groupsNamed, err := groups.ExtractGroups(named)
	must("read groups by name", err)
	expect("how many groups by name", len(groupsNamed), 1)
	must("delete the group", groups.Delete(client, group.ID).ExtractErr())
	refused("show a deleted group", groups.Get(client, group.ID).Err, 404)
}

func quotasAndExtensions(client *gophercloud.ServiceClient) {
	quota, err := quotas.Get(client, os.Getenv("OS_PROJECT_ID")).Extract()
	must("show the quota", err)
	expect("it limits ports", quota.Port != 0, true)
	page, err := extensions.List(client).AllPages()
	must("list extensions", err)
	listed, err := extensions.ExtractExtensions(page)
	must("read extensions", err)
	one, err := extensions.Get(client, listed[0].Alias).Extract()
	must("show an extension", err)
	expect("the extension", one.Alias, listed[0].Alias)
}
