package main

import (
	"fmt"

	"github.com/gophercloud/gophercloud"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/extensions/attributestags"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/extensions/mtu"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/extensions/portsecurity"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/networks"
	"github.com/gophercloud/gophercloud/pagination"
)

// makeNetwork makes one by name.
func makeNetwork(client *gophercloud.ServiceClient, name string) *networks.Network {
	network, err := networks.Create(client, networks.CreateOpts{Name: name, AdminStateUp: gophercloud.Enabled}).Extract()
	must("create the network "+name, err)
	return network
}

// dropNetwork deletes one, and finds it gone.
func dropNetwork(client *gophercloud.ServiceClient, id string) {
	must("delete a network", networks.Delete(client, id).ExtractErr())
	refused("show a deleted network", networks.Get(client, id).Err, 404)
}

// networkPages lists seven networks two by two, sorted, by description.
func networkPages(client *gophercloud.ServiceClient) {
	var made []string
	for i := 0; i < 7; i++ {
		opts := networks.CreateOpts{Name: fmt.Sprintf("page %d", i), Description: "of pages"}
		network, err := networks.Create(client, opts).Extract()
		must("create a network", err)
		made = append(made, network.ID)
	}
	var sizes []int
	var seen []string
	opts := networks.ListOpts{Description: "of pages", Limit: 2, SortKey: "name", SortDir: "asc"}
	must("page through networks", networks.List(client, opts).EachPage(func(page pagination.Page) (bool, error) {
		found, err := networks.ExtractNetworks(page)
		if err != nil {
			return false, err
		}
		sizes = append(sizes, len(found))
		for _, network := range found {
			seen = append(seen, network.ID)
		}
		return true, nil
	}))
	expect("networks in order", seen, made)
	expect("sizes of pages", sizes, []int{2, 2, 2, 1})
	opts = networks.ListOpts{Description: "of pages", Limit: 3, SortKey: "name", SortDir: "desc"}
	all, err := networks.List(client, opts).AllPages()
	must("list all pages", err)
	found, err := networks.ExtractNetworks(all)
	must("read all pages", err)
	expect("how many networks", len(found), 7)
	expect("the last by name comes first", found[0].ID, made[6])
	for _, id := range made {
		dropNetwork(client, id)
	}
}

type networkWithMore struct {
	networks.Network
	portsecurity.PortSecurityExt
	mtu.NetworkMTUExt
}

func networkAttributes(client *gophercloud.ServiceClient) {
	var network networkWithMore
	opts := portsecurity.NetworkCreateOptsExt{
		CreateOptsBuilder:   mtu.CreateOptsExt{CreateOptsBuilder: networks.CreateOpts{Name: "attributes"}, MTU: 1400},
		PortSecurityEnabled: flag(false),
	}
	must("create a network with more", networks.Create(client, opts).ExtractInto(&network))
	expect("port security", network.PortSecurityEnabled, false)
	expect("MTU", network.MTU, 1400)
	expect("status", network.Status, "ACTIVE")
	updated, err := networks.Update(client, network.ID, networks.UpdateOpts{Name: text("renamed"), Description: text("")}).Extract()
	must("update the network", err)
	expect("name", updated.Name, "renamed")
	expect("when it was made", updated.CreatedAt.IsZero(), false)
	tags, err := attributestags.ReplaceAll(client, "networks", network.ID, attributestags.ReplaceAllOpts{Tags: []string{"a", "b"}}).Extract()
	must("replace tags", err)
	expect("tags", tags, []string{"a", "b"})
	must("add a tag", attributestags.Add(client, "networks", network.ID, "c").ExtractErr())
	has, err := attributestags.Confirm(client, "networks", network.ID, "c").Extract()
	must("confirm a tag", err)
	expect("it has the tag", has, true)
	must("delete a tag", attributestags.Delete(client, "networks", network.ID, "a").ExtractErr())
	page, err := networks.List(client, networks.ListOpts{Tags: "b,c", NotTags: "a"}).AllPages()
	must("list by tags", err)
	found, err := networks.ExtractNetworks(page)
	must("read networks by tags", err)
	expect("how many by tags", len(found), 1)
	expect("its tags", found[0].Tags, []string{"b", "c"})
	must("delete all tags", attributestags.DeleteAll(client, "networks", network.ID).ExtractErr())
	refused("a network with an MTU too small", networks.Create(client, mtu.CreateOptsExt{CreateOptsBuilder: networks.CreateOpts{}, MTU: 1}).Err, 400)
	dropNetwork(client, network.ID)
}
