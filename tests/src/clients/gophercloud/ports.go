package main

import (
	"github.com/gophercloud/gophercloud"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/extensions/extradhcpopts"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/extensions/portsecurity"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/ports"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/subnets"
)

type portWithMore struct {
	ports.Port
	portsecurity.PortSecurityExt
	extradhcpopts.ExtraDHCPOptsExt
}

func portAttributes(client *gophercloud.ServiceClient) {
	network := makeNetwork(client, "ports")
	subnet := makeSubnet(client, network.ID, "10.83.0.0/24")
	var port portWithMore
	must("create a port", ports.Create(client, extradhcpopts.CreateOptsExt{
		CreateOptsBuilder: portsecurity.PortCreateOptsExt{
			CreateOptsBuilder: ports.CreateOpts{
				NetworkID: network.ID, Name: "first", MACAddress: "fa:16:3e:00:83:01",
				FixedIPs:            []ports.IP{{SubnetID: subnet.ID, IPAddress: "10.83.0.5"}},
				AllowedAddressPairs: []ports.AddressPair{{IPAddress: "10.83.0.100"}},
			},
			PortSecurityEnabled: flag(true),
		},
		ExtraDHCPOpts: []extradhcpopts.CreateExtraDHCPOpt{{OptName: "mtu", OptValue: "1400", IPVersion: gophercloud.IPv4}},
	}).ExtractInto(&port))
	expect("its address", port.FixedIPs, []ports.IP{{SubnetID: subnet.ID, IPAddress: "10.83.0.5"}})
	expect("its pair", port.AllowedAddressPairs, []ports.AddressPair{{IPAddress: "10.83.0.100", MACAddress: "fa:16:3e:00:83:01"}})
	expect("its option", port.ExtraDHCPOpts, []extradhcpopts.ExtraDHCPOpt{{OptName: "mtu", OptValue: "1400", IPVersion: 4}})
	expect("its default group", len(port.SecurityGroups), 1)
	second, err := ports.Create(client, ports.CreateOpts{NetworkID: network.ID, Name: "second", SecurityGroups: &[]string{}}).Extract()
	must("create a port without groups", err)
	expect("no groups", len(second.SecurityGroups), 0)
	var updated portWithMore
	must("update the port", ports.Update(client, port.ID, portsecurity.PortUpdateOptsExt{
		UpdateOptsBuilder: ports.UpdateOpts{
			Name: text("renamed"), SecurityGroups: &[]string{}, AllowedAddressPairs: &[]ports.AddressPair{}, AdminStateUp: gophercloud.Disabled,
		},
		PortSecurityEnabled: flag(false),
	}).ExtractInto(&updated))
	expect("port security", updated.PortSecurityEnabled, false)
	expect("admin state", updated.AdminStateUp, false)
	for name, opts := range map[string]ports.ListOpts{
		"by address":      {FixedIPs: []ports.FixedIPOpts{{IPAddress: "10.83.0.5"}}},
		"by network, MAC": {NetworkID: network.ID, MACAddress: "fa:16:3e:00:83:01"},
		"by subnet, name": {FixedIPs: []ports.FixedIPOpts{{SubnetID: subnet.ID}}, Name: "renamed", Limit: 1},
	} {
		page, err := ports.List(client, opts).AllPages()
		must("list ports "+name, err)
		found, err := ports.ExtractPorts(page)
		must("read ports "+name, err)
		expect("how many ports "+name, len(found), 1)
		expect("the port "+name, found[0].ID, port.ID)
	}
	taken := ports.Create(client, ports.CreateOpts{NetworkID: network.ID, FixedIPs: []ports.IP{{SubnetID: subnet.ID, IPAddress: "10.83.0.5"}}})
	refused("an address that is taken", taken.Err, 409)
	refused("delete a subnet in use", subnets.Delete(client, subnet.ID).Err, 409)
	for _, id := range []string{port.ID, second.ID} {
		must("delete a port", ports.Delete(client, id).ExtractErr())
	}
	dropNetwork(client, network.ID)
}
