package main

import (
	"github.com/gophercloud/gophercloud"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/extensions/layer3/addressscopes"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/extensions/subnetpools"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/subnets"
)

// makeSubnet makes one by CIDR, of IPv4.
func makeSubnet(client *gophercloud.ServiceClient, network, cidr string) *subnets.Subnet {
	subnet, err := subnets.Create(client, subnets.CreateOpts{NetworkID: network, CIDR: cidr, IPVersion: gophercloud.IPv4}).Extract()
	must("create the subnet "+cidr, err)
	return subnet
}

func subnetPools(client *gophercloud.ServiceClient) {
	scope, err := addressscopes.Create(client, addressscopes.CreateOpts{Name: "scope", IPVersion: 4}).Extract()
	must("create an address scope", err)
	pool, err := subnetpools.Create(client, subnetpools.CreateOpts{
		Name: "pool", Prefixes: []string{"10.80.0.0/16"}, MinPrefixLen: 24, MaxPrefixLen: 28, DefaultPrefixLen: 26, AddressScopeID: scope.ID,
	}).Extract()
	must("create a subnet pool", err)
	expect("its lengths", []int{pool.MinPrefixLen, pool.DefaultPrefixLen, pool.MaxPrefixLen}, []int{24, 26, 28})
	pool, err = subnetpools.Update(client, pool.ID, subnetpools.UpdateOpts{Name: "pool 2", Prefixes: []string{"10.80.0.0/15"}}).Extract()
	must("update the subnet pool", err)
	expect("its prefixes", pool.Prefixes, []string{"10.80.0.0/15"})
	page, err := subnetpools.List(client, subnetpools.ListOpts{Name: "pool 2", IPVersion: 4, AddressScopeID: scope.ID}).AllPages()
	must("list subnet pools", err)
	pools, err := subnetpools.ExtractSubnetPools(page)
	must("read subnet pools", err)
	expect("how many subnet pools", len(pools), 1)
	network := makeNetwork(client, "pooled")
	subnet, err := subnets.Create(client, subnets.CreateOpts{NetworkID: network.ID, SubnetPoolID: pool.ID, IPVersion: gophercloud.IPv4, Prefixlen: 27}).Extract()
	must("create a subnet from the pool", err)
	expect("its CIDR", subnet.CIDR, "10.80.0.0/27")
	refused("delete a pool in use", subnetpools.Delete(client, pool.ID).Err, 400)
	must("delete the subnet", subnets.Delete(client, subnet.ID).ExtractErr())
	must("delete the pool", subnetpools.Delete(client, pool.ID).ExtractErr())
	must("delete the scope", addressscopes.Delete(client, scope.ID).ExtractErr())
	dropNetwork(client, network.ID)
}

func subnetAttributes(client *gophercloud.ServiceClient) {
	network := makeNetwork(client, "subnets")
	subnet, err := subnets.Create(client, subnets.CreateOpts{
		NetworkID: network.ID, CIDR: "10.82.0.0/24", IPVersion: gophercloud.IPv4, Name: "first",
		AllocationPools: []subnets.AllocationPool{{Start: "10.82.0.10", End: "10.82.0.20"}},
		DNSNameservers:  []string{"192.0.2.53"},
		HostRoutes:      []subnets.HostRoute{{DestinationCIDR: "192.0.2.0/24", NextHop: "10.82.0.9"}},
	}).Extract()
	must("create a subnet", err)
	expect("its gateway", subnet.GatewayIP, "10.82.0.1")
	expect("its DHCP", subnet.EnableDHCP, true)
	expect("its pools", subnet.AllocationPools, []subnets.AllocationPool{{Start: "10.82.0.10", End: "10.82.0.20"}})
	subnet, err = subnets.Update(client, subnet.ID, subnets.UpdateOpts{
		Name: text("second"), GatewayIP: text(""), DNSNameservers: &[]string{}, HostRoutes: &[]subnets.HostRoute{},
	}).Extract()
	must("update the subnet", err)
	expect("no gateway", subnet.GatewayIP, "")
	expect("no name servers", len(subnet.DNSNameservers), 0)
	bare, err := subnets.Create(client, subnets.CreateOpts{
		NetworkID: network.ID, CIDR: "10.82.1.0/24", IPVersion: gophercloud.IPv4, GatewayIP: text(""), EnableDHCP: gophercloud.Disabled,
	}).Extract()
	must("create a subnet without a gateway", err)
	expect("no gateway and DHCP", []interface{}{bare.GatewayIP, bare.EnableDHCP}, []interface{}{"", false})
	six, err := subnets.Create(client, subnets.CreateOpts{
		NetworkID: network.ID, CIDR: "fd82::/64", IPVersion: gophercloud.IPv6, IPv6AddressMode: "dhcpv6-stateful", IPv6RAMode: "dhcpv6-stateful",
	}).Extract()
	must("create a subnet of IPv6", err)
	expect("its mode", six.IPv6AddressMode, "dhcpv6-stateful")
	page, err := subnets.List(client, subnets.ListOpts{NetworkID: network.ID, IPVersion: 4, EnableDHCP: flag(true), Limit: 1}).AllPages()
	must("list subnets", err)
	found, err := subnets.ExtractSubnets(page)
	must("read subnets", err)
	expect("how many with DHCP", len(found), 1)
	overlap := subnets.Create(client, subnets.CreateOpts{NetworkID: network.ID, CIDR: "10.82.0.0/25", IPVersion: gophercloud.IPv4})
	refused("a subnet that overlaps", overlap.Err, 409)
	for _, id := range []string{subnet.ID, bare.ID, six.ID} {
		must("delete a subnet", subnets.Delete(client, id).ExtractErr())
	}
	dropNetwork(client, network.ID)
}
