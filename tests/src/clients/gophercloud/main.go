// What a Go program does with the network API by way of gophercloud (which Terraform, Kubernetes and Packer use):
// logs in to Keystone by the OS_* environment, makes, lists, changes and deletes. Exits 1 at the first thing that is not as it should be.
package main

import (
	"fmt"
	"os"
	"reflect"

	"github.com/gophercloud/gophercloud"
	"github.com/gophercloud/gophercloud/openstack"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/extensions/external"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/networks"
)

// must ends the program when a call was refused.
func must(what string, err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
}

// expect ends the program when two values differ.
func expect(what string, got, want interface{}) {
	if !reflect.DeepEqual(got, want) {
		fmt.Fprintf(os.Stderr, "%s: got %#v, expected %#v\n", what, got, want)
		os.Exit(1)
	}
}

// refused ends the program when a call was not refused with this status, as gophercloud tells them apart.
func refused(what string, err error, status int) {
	got := 0
	switch answer := err.(type) {
	case gophercloud.ErrDefault400:
		got = answer.Actual
	case gophercloud.ErrDefault404:
		got = answer.Actual
	case gophercloud.ErrDefault403:
		got = answer.Actual
	case gophercloud.ErrUnexpectedResponseCode:
		got = answer.Actual
	case gophercloud.ErrDefault409:
		got = answer.Actual
	}
	if got != status {
		fmt.Fprintf(os.Stderr, "%s: got %d (%v), expected %d\n", what, got, err, status)
		os.Exit(1)
	}
}

func text(value string) *string { return &value }
func flag(value bool) *bool     { return &value }

// logIn gives the network service of Keystone's catalogue.
func logIn() *gophercloud.ServiceClient {
	provider, err := openstack.AuthenticatedClient(gophercloud.AuthOptions{
		IdentityEndpoint: os.Getenv("OS_AUTH_URL"),
		Username:         os.Getenv("OS_USERNAME"),
		Password:         os.Getenv("OS_PASSWORD"),
		DomainID:         os.Getenv("OS_USER_DOMAIN_ID"),
		TenantID:         os.Getenv("OS_PROJECT_ID"),
		AllowReauth:      true,
	})
	must("log in", err)
	client, err := openstack.NewNetworkV2(provider, gophercloud.EndpointOpts{Region: os.Getenv("OS_REGION_NAME")})
	must("find the network service", err)
	return client
}

// outerNetwork gives the id of the one external network.
func outerNetwork(client *gophercloud.ServiceClient) string {
	page, err := networks.List(client, external.ListOptsExt{ListOptsBuilder: networks.ListOpts{}, External: flag(true)}).AllPages()
	must("list external networks", err)
	outer, err := networks.ExtractNetworks(page)
	must("read external networks", err)
	expect("how many external networks", len(outer), 1)
	return outer[0].ID
}

func main() {
	client := logIn()
	outer := outerNetwork(client)
	for _, part := range []struct {
		name string
		run  func(*gophercloud.ServiceClient)
	}{
		{"networks, by page and by filter", networkPages},
		{"networks with port security and tags", networkAttributes},
		{"address scopes, subnet pools and subnets", subnetPools},
		{"subnets", subnetAttributes},
		{"ports", portAttributes},
		{"security groups and rules", securityGroups},
		{"routers", func(client *gophercloud.ServiceClient) { routing(client, outer) }},
		{"floating IPs and port forwardings", func(client *gophercloud.ServiceClient) { floating(client, outer) }},
		{"quotas, extensions", quotasAndExtensions},
	} {
		part.run(client)
		fmt.Println("ok", part.name)
	}
}
