"""What a Python program does with the network API by way of openstacksdk's own objects (which Ansible and scripts use):
logs in to Keystone by the OS_* environment, makes, lists, changes and deletes. Ends with an error at the first thing that is not as it should be."""

import os

import openstack
from openstack import exceptions
from openstack.network.v2.network import Network


def expect(what, got, want):
    if got != want:
        raise SystemExit(f"{what}: got {got!r}, expected {want!r}")


def refused(what, status, call):
    try:
        call()
    except exceptions.HttpException as error:
        expect(what, error.status_code, status)
        return str(error)
    raise SystemExit(f"{what}: not refused")


def networks(net, outer):
    made = list(Network.bulk_create(net, [{"name": f"bulk {n}", "description": "of bulk"} for n in range(7)]))
    expect("networks by page", sorted(n.id for n in net.networks(description="of bulk", limit=2)), sorted(n.id for n in made))
    one = net.find_network("bulk 3", ignore_missing=False)
    net.set_tags(one, ["red", "blue"])
    expect("by tag", [n.id for n in net.networks(tags="red,blue")], [one.id])
    expect("by any tag", [n.id for n in net.networks(any_tags="blue,green")], [one.id])
    fresh = net.get_network(one.id)
    expect("tags", sorted(fresh.tags), ["blue", "red"])
    stale = fresh.revision_number
    renamed = net.update_network(fresh, name="renamed", if_revision=stale)
    expect("name", renamed.name, "renamed")
    expect("its revision grew", renamed.revision_number > stale, True)
    refused("an update of what has changed", 412, lambda: net.update_network(one.id, name="late", if_revision=stale))
    refused("a deletion of what has changed", 412, lambda: net.delete_network(one.id, if_revision=stale))
    expect("external", [n.id for n in net.networks(is_router_external=True)], [outer.id])
    for network in made:
        net.delete_network(network, ignore_missing=False)
    refused("a deletion of what is gone", 404, lambda: net.delete_network(made[0], ignore_missing=False))
    expect("find nothing", net.find_network("renamed"), None)


def addressing(net, _outer):
    scope = net.create_address_scope(name="scope", ip_version=4)
    pool = net.create_subnet_pool(name="pool", prefixes=["10.90.0.0/16"], default_prefix_length=26, address_scope_id=scope.id)
    expect("default length", int(pool.default_prefix_length), 26)
    network = net.create_network(name="python")
    pooled = net.create_subnet(network_id=network.id, ip_version=4, subnet_pool_id=pool.id)
    expect("a subnet of the pool", pooled.cidr, "10.90.0.0/26")
    subnet = net.update_subnet(pooled, dns_nameservers=["192.0.2.53"], host_routes=[{"destination": "192.0.2.0/24", "nexthop": "10.90.0.9"}])
    expect("host routes", subnet.host_routes, [{"destination": "192.0.2.0/24", "nexthop": "10.90.0.9"}])
    six = net.create_subnet(network_id=network.id, ip_version=6, cidr="fd90::/64", ipv6_address_mode="slaac", ipv6_ra_mode="slaac")
    ports = list(net.create_ports([{"network_id": network.id, "name": f"port {n}"} for n in range(5)]))
    expect("ports of a bulk", [p.name for p in ports], [f"port {n}" for n in range(5)])
    expect("both families", sorted({len(p.fixed_ips) for p in ports}), [2])
    refused(
        "a bulk with one that is wrong",
        404,
        lambda: net.create_ports([{"network_id": network.id, "name": "half"}, {"network_id": "5f1a7d38-0000-4000-8000-000000000000"}]),
    )
    expect("nothing of that bulk", [p.name for p in net.ports(name="half")], [])
    expect("by page", sorted(p.id for p in net.ports(network_id=network.id, limit=2)), sorted(p.id for p in ports))
    address = ports[0].fixed_ips[0]["ip_address"]
    expect("by address", [p.id for p in net.ports(fixed_ips=f"ip_address={address}")], [ports[0].id])
    port = net.update_port(ports[0], allowed_address_pairs=[{"ip_address": "10.90.0.60"}], extra_dhcp_opts=[{"opt_name": "mtu", "opt_value": "1400"}])
    expect("pairs", [p["ip_address"] for p in port.allowed_address_pairs], ["10.90.0.60"])
    port = net.update_port(port, is_port_security_enabled=False, security_groups=[], allowed_address_pairs=[])
    expect("port security", port.is_port_security_enabled, False)
    net.set_tags(port, ["one"])
    expect("ports by tag", [p.id for p in net.ports(tags="one")], [port.id])
    for port in ports:
        net.delete_port(port, ignore_missing=False)
    for one in (pooled, six):
        net.delete_subnet(one, ignore_missing=False)
    net.delete_network(network, ignore_missing=False)
    net.delete_subnet_pool(pool, ignore_missing=False)
    net.delete_address_scope(scope, ignore_missing=False)


def groups(net, _outer):
    offices = net.create_address_group(name="offices", addresses=["10.71.0.0/24"])
    offices = net.add_addresses_to_address_group(offices, ["192.0.2.1/32"])
    expect("addresses", sorted(offices.addresses), ["10.71.0.0/24", "192.0.2.1/32"])
    group = net.create_security_group(name="python", stateful=True)
    expect("egress rules", len(group.security_group_rules), 2)
    base = {"security_group_id": group.id, "direction": "ingress", "ether_type": "IPv4"}
    rules = list(
        net.create_security_group_rules(
            [
                base | {"protocol": "tcp", "port_range_min": 80, "port_range_max": 90, "remote_ip_prefix": "10.0.0.0/8"},
                base | {"protocol": "icmp"},
                base | {"protocol": "0"},
                base | {"protocol": None},
                base | {"protocol": "udp", "port_range_min": 53, "port_range_max": 53, "remote_address_group_id": offices.id},
            ]
        )
    )
    expect("rules of a bulk", [r.protocol for r in rules], ["tcp", "icmp", "0", None, "udp"])
    refused("the same rule again", 409, lambda: net.create_security_group_rule(**base, protocol="icmp"))
    expect("by filter", [r.id for r in net.security_group_rules(security_group_id=group.id, protocol="udp")], [rules[4].id])
    refused("an address group in use", 409, lambda: net.delete_address_group(offices, ignore_missing=False))
    group = net.update_security_group(group, description="changed")
    expect("description", group.description, "changed")
    net.delete_security_group_rule(rules[0], ignore_missing=False)
    net.delete_security_group(group, ignore_missing=False)
    net.delete_address_group(offices, ignore_missing=False)


def routers(net, outer):
    network = net.create_network(name="routed")
    subnet = net.create_subnet(network_id=network.id, ip_version=4, cidr="10.93.0.0/24")
    router = net.create_router(name="router", external_gateway_info={"network_id": outer.id})
    added = net.add_interface_to_router(router, subnet_id=subnet.id)
    expect("interface", added["subnet_id"], subnet.id)
    router = net.add_extra_routes_to_router(router, {"router": {"routes": [{"destination": "10.94.0.0/24", "nexthop": "10.93.0.9"}]}})
    expect("routes", len(router.routes), 1)
    router = net.remove_extra_routes_from_router(router, {"router": {"routes": router.routes}})
    expect("no routes", router.routes, [])
    port = net.create_port(network_id=network.id)
    floating = net.create_ip(floating_network_id=outer.id, port_id=port.id)
    expect("where it leads", (floating.port_id, floating.router_id), (port.id, router.id))
    expect("by address", net.find_ip(floating.floating_ip_address).id, floating.id)
    expect("by port", [f.id for f in net.ips(port_id=port.id)], [floating.id])
    floating = net.update_ip(floating, port_id=None)
    expect("leads nowhere", floating.port_id, None)
    forward = net.create_floating_ip_port_forwarding(
        floating,
        internal_port_id=port.id,
        internal_ip_address=port.fixed_ips[0]["ip_address"],
        internal_port=22,
        external_port=2222,
        protocol="tcp",
    )
    expect("forwards", [f.id for f in net.floating_ip_port_forwardings(floating)], [forward.id])
    net.delete_floating_ip_port_forwarding(floating, forward, ignore_missing=False)
    net.delete_ip(floating, ignore_missing=False)
    net.delete_port(port, ignore_missing=False)
    net.remove_interface_from_router(router, subnet_id=subnet.id)
    net.delete_router(router, ignore_missing=False)
    net.delete_subnet(subnet, ignore_missing=False)
    net.delete_network(network, ignore_missing=False)


def the_rest(net, _outer):
    project = os.environ["OS_PROJECT_ID"]
    quota = net.get_quota(project, details=True)
    expect("use of networks", quota.networks["used"], 0)
    expect("extension", net.find_extension("port-security").alias, "port-security")
    expect("a zone list", isinstance(list(net.availability_zones()), list), True)


def cloud_layer(cloud, outer):
    """What `openstack.cloud` modules of Ansible call."""
    network = cloud.create_network("cloud", port_security_enabled=False)
    subnet = cloud.create_subnet("cloud", cidr="10.95.0.0/24", subnet_name="cloud", dns_nameservers=["192.0.2.53"])
    group = cloud.create_security_group("cloud", "by the cloud layer")
    cloud.create_security_group_rule("cloud", port_range_min=22, port_range_max=22, protocol="tcp", remote_ip_prefix="0.0.0.0/0")
    router = cloud.create_router("cloud", ext_gateway_net_id=outer.id)
    cloud.add_router_interface(router, subnet_id=subnet["id"])
    expect("interfaces", len(cloud.list_router_interfaces(router, "internal")), 1)
    port = cloud.create_port(network["id"], name="cloud")
    expect("search", [p["id"] for p in cloud.search_ports("cloud")], [port["id"]])
    cloud.update_port("cloud", name="cloud 2")
    expect("deleted port", cloud.delete_port("cloud 2"), True)
    cloud.remove_router_interface(router, subnet_id=subnet["id"])
    expect("deleted router", cloud.delete_router("cloud"), True)
    expect("deleted subnet", cloud.delete_subnet("cloud"), True)
    expect("deleted network", cloud.delete_network("cloud"), True)
    expect("deleted group", cloud.delete_security_group(group["id"]), True)


def main():
    cloud = openstack.connect()
    net = cloud.network
    (outer,) = net.networks(is_router_external=True)
    for name, part in (
        ("networks: bulk, pages, tags, If-Match", networks),
        ("address scopes, subnet pools, subnets, ports", addressing),
        ("address groups, security groups and rules", groups),
        ("routers, floating IPs, port forwardings", routers),
        ("quotas, extensions, zones", the_rest),
    ):
        part(net, outer)
        print("ok", name, flush=True)
    cloud_layer(cloud, outer)
    print("ok the cloud layer", flush=True)


main()
