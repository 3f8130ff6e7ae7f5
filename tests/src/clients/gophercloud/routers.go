package main

import (
	"github.com/gophercloud/gophercloud"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/extensions/layer3/floatingips"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/extensions/layer3/portforwarding"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/extensions/layer3/routers"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/ports"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/subnets"
)

// makeRouter makes one with its gateway on the external network.
func makeRouter(client *gophercloud.ServiceClient, outer string) *routers.Router {
	router, err := routers.Create(client, routers.CreateOpts{Name: "router", GatewayInfo: &routers.GatewayInfo{NetworkID: outer}}).Extract()
	must("create a router", err)
	return router
}

func routing(client *gophercloud.ServiceClient, outer string) {
	network := makeNetwork(client, "routed")
	first := makeSubnet(client, network.ID, "10.84.0.0/24")
	second := makeSubnet(client, network.ID, "10.84.1.0/24")
	router := makeRouter(client, outer)
	expect("its gateway", router.GatewayInfo.NetworkID, outer)
	expect("its gateway's addresses", len(router.GatewayInfo.ExternalFixedIPs), 1)
	bySubnet, err := routers.AddInterface(client, router.ID, routers.AddInterfaceOpts{SubnetID: first.ID}).Extract()
	must("add an interface by subnet", err)
	expect("its subnet", bySubnet.SubnetID, first.ID)
	fixed := []ports.IP{{SubnetID: second.ID, IPAddress: "10.84.1.1"}}
	port, err := ports.Create(client, ports.CreateOpts{NetworkID: network.ID, FixedIPs: fixed}).Extract()
	must("create a port for an interface", err)
	byPort, err := routers.AddInterface(client, router.ID, routers.AddInterfaceOpts{PortID: port.ID}).Extract()
	must("add an interface by port", err)
	expect("its port", byPort.PortID, port.ID)
	page, err := ports.List(client, ports.ListOpts{DeviceID: router.ID, DeviceOwner: "network:router_interface"}).AllPages()
	must("list the router's ports", err)
	interfaces, err := ports.ExtractPorts(page)
	must("read the router's ports", err)
	expect("how many interfaces", len(interfaces), 2)
	routes := []routers.Route{{DestinationCIDR: "10.85.0.0/24", NextHop: "10.84.0.9"}}
	router, err = routers.Update(client, router.ID, routers.UpdateOpts{Name: "renamed", Routes: routes}).Extract()
	must("update the router's routes", err)
	expect("its routes", router.Routes, routes)
	refused("delete a router with interfaces", routers.Delete(client, router.ID).Err, 409)
	router, err = routers.Update(client, router.ID, routers.UpdateOpts{Routes: []routers.Route{}, GatewayInfo: &routers.GatewayInfo{}}).Extract()
	must("take routes and gateway away", err)
	expect("no gateway and routes", []interface{}{router.GatewayInfo.NetworkID, len(router.Routes)}, []interface{}{"", 0})
	_, err = routers.RemoveInterface(client, router.ID, routers.RemoveInterfaceOpts{SubnetID: first.ID}).Extract()
	must("remove an interface by subnet", err)
	_, err = routers.RemoveInterface(client, router.ID, routers.RemoveInterfaceOpts{PortID: port.ID}).Extract()
	must("remove an interface by port", err)
	must("delete the router", routers.Delete(client, router.ID).ExtractErr())
	for _, id := range []string{first.ID, second.ID} {
		must("delete a subnet", subnets.Delete(client, id).ExtractErr())
	}
	dropNetwork(client, network.ID)
}

func floating(client *gophercloud.ServiceClient, outer string) {
	network := makeNetwork(client, "floating")
	subnet := makeSubnet(client, network.ID, "10.86.0.0/24")
	router := makeRouter(client, outer)
	_, err := routers.AddInterface(client, router.ID, routers.AddInterfaceOpts{SubnetID: subnet.ID}).Extract()
	must("add an interface", err)
	port, err := ports.Create(client, ports.CreateOpts{NetworkID: network.ID}).Extract()
	must("create a port", err)
	address, err := floatingips.Create(client, floatingips.CreateOpts{FloatingNetworkID: outer, PortID: port.ID, Description: "from Go"}).Extract()
	must("create a floating IP", err)
	expect("where it leads", []string{address.PortID, address.FixedIP, address.RouterID}, []string{port.ID, port.FixedIPs[0].IPAddress, router.ID})
	page, err := floatingips.List(client, floatingips.ListOpts{FloatingIP: address.FloatingIP, PortID: port.ID, Limit: 1}).AllPages()
	must("list floating IPs", err)
	found, err := floatingips.ExtractFloatingIPs(page)
	must("read floating IPs", err)
	expect("how many floating IPs", len(found), 1)
	address, err = floatingips.Update(client, address.ID, floatingips.UpdateOpts{PortID: text("")}).Extract()
	must("take the floating IP away", err)
	expect("it leads nowhere", address.PortID, "")
	forward, err := portforwarding.Create(client, address.ID, portforwarding.CreateOpts{
		InternalPortID: port.ID, InternalIPAddress: port.FixedIPs[0].IPAddress, InternalPort: 22, ExternalPort: 2222, Protocol: "tcp",
	}).Extract()
	must("create a port forwarding", err)
	forward, err = portforwarding.Update(client, address.ID, forward.ID, portforwarding.UpdateOpts{ExternalPort: 2223}).Extract()
	must("update the port forwarding", err)
	expect("its external port", forward.ExternalPort, 2223)
	forwards, err := portforwarding.List(client, portforwarding.ListOpts{Protocol: "tcp", ExternalPort: "2223"}, address.ID).AllPages()
	must("list port forwardings", err)
	listed, err := portforwarding.ExtractPortForwardings(forwards)
	must("read port forwardings", err)
	expect("how many port forwardings", len(listed), 1)
	must("delete the port forwarding", portforwarding.Delete(client, address.ID, forward.ID).ExtractErr())
	must("delete the floating IP", floatingips.Delete(client, address.ID).ExtractErr())
	refused("show a deleted floating IP", floatingips.Get(client, address.ID).Err, 404)
	must("delete the port", ports.Delete(client, port.ID).ExtractErr())
	_, err = routers.RemoveInterface(client, router.ID, routers.RemoveInterfaceOpts{SubnetID: subnet.ID}).Extract()
	must("remove the interface", err)
	must("delete the router", routers.Delete(client, router.ID).ExtractErr())
	must("delete the subnet", subnets.Delete(client, subnet.ID).ExtractErr())
	dropNetwork(client, network.ID)
}
