package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// remoteText reads `lport:rhost:rport`; an empty lport asks for any port.
func remoteObject(text string) (fields, error) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return nil, fmt.Errorf("remote %q is not lport:rhost:rport", text)
	}
	listenHost := "0.0.0.0"
	if parts[0] == "" {
		listenHost = ""
	}
	return fields{
		"name": "", "protocol": "tcp", "lhost": listenHost, "lport": parts[0], "lport_random": false, "owner": "",
		"rhost": parts[1], "rport": parts[2], "scheme": nil, "acl": nil, "idle_timeout_minutes": 0, "auto_close": 0,
		"http_proxy": false, "host_header": "", "auth_user": "", "auth_password": "", "tunnel_url": "",
	}, nil
}

// registration is the payload of new_connection as agents in the field fill it, the password included.
func registration(o agentOptions) ([]byte, error) {
	var remotes []fields
	for _, text := range o.remotes {
		remote, err := remoteObject(text)
		if err != nil {
			return nil, err
		}
		remotes = append(remotes, remote)
	}
	id, password, _ := strings.Cut(o.auth, ":")
	document := fields{
		"ID": o.id, "Name": o.name, "SessionID": o.session, "OS": "Linux peer 6.1.0 x86_64 GNU/Linux",
		"OSFullName": "Debian 12.11", "OSVersion": "12.11", "OSVirtualizationSystem": "KVM",
		"OSVirtualizationRole": "guest", "OSArch": "amd64", "OSFamily": "debian", "OSKernel": "linux",
		"Version": o.version, "Hostname": "peer", "CPUFamily": "6", "CPUModel": "167", "CPUModelName": "a processor",
		"CPUVendor": "GenuineIntel", "NumCPUs": 2, "MemoryTotal": 25276502016, "Timezone": "UTC (UTC+00:00)",
		"IPv4": []string{"192.0.2.2"}, "IPv6": []string{"2001:db8::2"}, "Tags": []string{"peer"},
		"Labels": map[string]string{"city": "Cologne"}, "Remotes": remotes,
		"ClientConfiguration": fields{
			"client": fields{
				"server": o.url, "fallback_servers": nil, "server_switchback_interval": 120000000000,
				"fingerprint": o.fingerprint, "auth": o.auth, "proxy": "", "id": o.id, "name": o.name,
				"remotes": o.remotes, "tunnel_allowed": nil, "allow_root": true, "ip_refresh_min": 30,
				"proxy_url": nil, "tunnels": remotes, "auth_user": id, "auth_pass": password,
			},
			"connection": fields{"keep_alive": o.keepAlive.Nanoseconds(), "headers": nil, "max_retry_count": -1},
			"remote_commands": fields{
				"enabled": true, "allow": []string{".*"}, "deny": []string{}, "order": []string{"allow", "deny"},
				"allow_regexp": []fields{{}}, "deny_regexp": []fields{},
			},
			"remote_scripts": fields{"enabled": true},
			"monitoring":     fields{"enabled": true, "interval": 60000000000},
			"file_reception": fields{"protected": []string{"/bin"}, "enabled": true},
		},
	}
	// The patch makes the wrong types, deep trees and missing keys of a test.
	var patch map[string]json.RawMessage
	if o.patch != "" {
		if err := json.Unmarshal([]byte(o.patch), &patch); err != nil {
			return nil, fmt.Errorf("-patch: %w", err)
		}
	}
	for key, value := range patch {
		document[key] = value
	}
	return json.Marshal(document)
}
