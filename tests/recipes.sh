#!/usr/bin/env bash
# README's three ways from Altegio to a box behind a router, each tried on machines of their own with README's own text.
# Root is needed.
#
#   tests/recipes.sh [PACKAGE]      default: the one that packaging/build.sh made
#
#   cloud 203.0.113.20 --+
#                        +-- internet -- router 203.0.113.1 / 192.168.1.1 -- box 192.168.1.10
#   server 203.0.113.10 -+
#
# The router translates addresses and lets nothing in, but the ports that it is told to lead to the box.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/machine.sh
. packaging/checks.sh
. tests/readme.sh
need ip iproute2
need iptables iptables

package=$(realpath "${1:-$(echo target/debian/kkm-bridge_*.deb)}")
shop_token=shop-token-0123456789abcdef
net=kkm$$
machines_told=(box server)

in_net() {
    local place=$1
    shift
    ip netns exec "$net-$place" "$@"
}

wire() { # wire PLACE ADDRESS PLACE-OF-THE-OTHER-END NAME
    ip -n "$net-$1" link add "$4" type veth peer name "to-$1" netns "$net-$3"
    ip -n "$net-$1" addr add "$2" dev "$4"
    ip -n "$net-$1" link set "$4" up
    ip -n "$net-$3" link set "to-$1" up
}

network() {
    local place
    for place in internet router box server cloud; do
        ip netns add "$net-$place"
        ip -n "$net-$place" link set lo up
    done
    ip -n "$net-internet" link add street type bridge
    ip -n "$net-internet" link set street up
    wire server 203.0.113.10/24 internet out
    wire cloud 203.0.113.20/24 internet out
    wire router 203.0.113.1/24 internet out
    for place in server cloud router; do
        ip -n "$net-internet" link set "to-$place" master street
    done
    wire box 192.168.1.10/24 router lan
    ip -n "$net-router" addr add 192.168.1.1/24 dev to-box
    ip -n "$net-box" route add default via 192.168.1.1
    in_net router sysctl -qw net.ipv4.ip_forward=1
    in_net router iptables -t nat -A POSTROUTING -o out -j MASQUERADE
    in_net router iptables -P FORWARD DROP
    in_net router iptables -A FORWARD -i to-box -j ACCEPT
    in_net router iptables -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED,DNAT -j ACCEPT
}

network_end() {
    local place
    for place in internet router box server cloud; do
        ip netns del "$net-$place" 2> /dev/null || true
    done
}
trap 'code=$?; network_end; machines_end $code' EXIT

# Where the kernel has no WireGuard, wireguard-go stands in for it. wg-quick(8) goes on as if it were there at once, like
# the kernel's; so its start is waited for.
userspace_wireguard() {
    local root
    root=$(machine_root "$1")
    printf '#!/bin/sh\nwireguard-go "$1" && until [ -S "/run/wireguard/$1.sock" ]; do sleep 0.05; done\n' \
        > "$root/usr/local/bin/wireguard-go-ready"
    chmod +x "$root/usr/local/bin/wireguard-go-ready"
    mkdir -p "$root/etc/systemd/system/wg-quick@.service.d"
    printf '[Service]\nEnvironment=WG_QUICK_USERSPACE_IMPLEMENTATION=wireguard-go-ready\n' \
        > "$root/etc/systemd/system/wg-quick@.service.d/ready.conf"
}

# Puts a block of README into a file of a machine.
file() { # file MACHINE BLOCK PATH
    local text
    text=$(readme "$2")
    mkdir -p "$(dirname "$(machine_root "$1")$3")"
    printf '%s\n' "$text" > "$(machine_root "$1")$3"
}

# Runs a block of README on a machine.
run() { # run MACHINE BLOCK
    local text
    text=$(readme "$2")
    on "$1" bash -euo pipefail -c "cd /root; $text" > "$stage/said" 2>&1 && return
    cat "$stage/said" >&2
    on "$1" journalctl --no-pager -n 40 >&2
    return 1
}

# README's Caddyfile. Here no authority of the internet can be asked: Caddy's own stands in for it.
caddy() { # caddy MACHINE BLOCK
    file "$1" "$2" /etc/caddy/shop
    printf '{\n\tlocal_certs\n\tskip_install_trust\n}\nimport /etc/caddy/shop\n' > "$(machine_root "$1")/etc/caddy/Caddyfile"
    on "$1" systemctl restart caddy
    authority=$(machine_root "$1")/var/lib/caddy/.local/share/caddy/pki/authorities/local/root.crt
}

# What Altegio gets that sends a document to the shop's name, which leads to ADDRESS.
altegio() { # altegio ADDRESS
    in_net cloud curl -sS -m 10 --cacert "$authority" --resolve "shop.example.com:443:$1" https://shop.example.com/ \
        -H "Authorization: Bearer $shop_token" -H 'Content-Type: application/json' -d @src/console/simulate/example.json
}

arrives() { # arrives ADDRESS
    local said
    said=$(altegio "$1") && grep -q '"id":"d72fece5' <<< "$said" || { echo "  said: $said" >&2; return 1; }
}

machines
network
machine_new box
machine_new server
cp "$package" "$(machine_root box)/root/"
for machine in box server; do
    printf '127.0.0.1 localhost\n203.0.113.10 server.example.com\n' > "$(machine_root $machine)/etc/hosts"
    userspace_wireguard $machine
    machine_boot $machine "--network-namespace-path=/run/netns/$net-$machine" --bind=/dev/net/tun --capability=CAP_NET_ADMIN
done
run box install
cat > "$(machine_root box)/etc/kkm-bridge/kkm-bridge.toml" << 'END'
[callback]
token = { file = "/etc/kkm-bridge/shop.token" }
[shops.salon]
token = { file = "/etc/kkm-bridge/shop.token" }
device = "front"
[devices.front.driver]
family = "shtrih"
port = "/dev/kkm/away"
END
echo $shop_token > "$(machine_root box)/etc/kkm-bridge/shop.token"
on box sh -c 'chgrp kkm-bridge /etc/kkm-bridge/shop.token && chmod 640 /etc/kkm-bridge/shop.token && systemctl start kkm-bridge'
check "nobody reaches the box from outside" not in_net cloud curl -s -m 2 http://192.168.1.10:8181/
check "nor by the router" not in_net cloud curl -s -m 2 http://203.0.113.1:443/

echo "--- a reverse proxy on the box"
run box caddy-install
caddy box caddy
for port in 80 443; do
    in_net router iptables -t nat -A PREROUTING -i out -p tcp --dport $port -j DNAT --to 192.168.1.10
done
check "a document arrives through a reverse proxy" within 15 arrives 203.0.113.1
in_net router iptables -t nat -F PREROUTING
on box systemctl stop caddy
check "which alone brought it" not arrives 203.0.113.1 2> /dev/null

echo "--- an SSH tunnel"
run box ssh-key
file box ssh-unit /etc/systemd/system/kkm-tunnel.service
cp "$(machine_root box)/etc/kkm-bridge/tunnel/key.pub" "$(machine_root server)/root/"
on server systemctl start ssh
run server ssh-server
caddy server caddy
run box ssh-start
check "a document arrives through an SSH tunnel" within 15 arrives 203.0.113.10
on server pkill -u kkm-tunnel sshd
check "which comes back after it broke" within 20 arrives 203.0.113.10
check "its key opens nothing else" not on box sh -c 'runuser -u kkm-bridge -- timeout 10 ssh -o BatchMode=yes -i /etc/kkm-bridge/tunnel/key \
    -o UserKnownHostsFile=/etc/kkm-bridge/tunnel/known_hosts kkm-tunnel@server.example.com true > /dev/null 2>&1'
on box systemctl stop kkm-tunnel
check "which alone brought it" not arrives 203.0.113.10 2> /dev/null

echo "--- a WireGuard tunnel"
run box wg-key
box_key=$(tail -n 1 "$stage/said")
run server wg-key
server_key=$(tail -n 1 "$stage/said")
file box wg-box /etc/wireguard/wg0.conf
file server wg-server /etc/wireguard/wg0.conf
sed -i "s|PUBLIC-KEY-OF-THE-SERVER|$server_key|" "$(machine_root box)/etc/wireguard/wg0.conf"
sed -i "s|PUBLIC-KEY-OF-THE-BOX|$box_key|" "$(machine_root server)/etc/wireguard/wg0.conf"
file box wg-socket /etc/systemd/system/kkm-wg.socket
file box wg-service /etc/systemd/system/kkm-wg.service
run server wg-server-start
caddy server wg-caddy
run box wg-start
check "a document arrives through a WireGuard tunnel" within 15 arrives 203.0.113.10
machine_reboot box
check "and after a reboot of the box" within 30 arrives 203.0.113.10
echo "$passed passed, 0 failed"
