#!/usr/bin/env bash
# The package on a Debian with systemd of its own: installed, set up, selling, restarted, upgraded, removed. Root is needed.
#
#   packaging/test.sh [PACKAGE]     default: the one that packaging/build.sh made
#
# The register and the cloud are those of a source build, for the package holds none; each is a service of the machine.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/machine.sh
. packaging/checks.sh
. tests/readme.sh
need jq jq

package=$(realpath "${1:-$(echo target/debian/kkm-bridge_*.deb)}")
simulators=${KKM_SIMULATORS:-target/debug/kkm-bridge}
[ -x "$simulators" ] || cargo build --locked
partner_token=partner-token-0123456789abcdef
machines_told=(box)

unit() {
    on box systemctl show --value --property "$1" kkm-bridge
}

unit_is() {
    is "$(unit "$1")" "$2"
}

# post ID: a sale with this id, and of its own; what the service answers.
post() {
    jq -c --arg id "$1" --argjson sale "$(cksum <<< "$1" | cut -d ' ' -f 1)" \
        '.id = $id | .document_id = $sale | .pos.enabled = false | .callback_url = "http://127.0.0.1:9000/callback/"' \
        src/console/simulate/example.json |
        on box curl -s http://127.0.0.1:8181/ -H "Authorization: Bearer $shop_token" -H 'Content-Type: application/json' -d @-
}

# How the cloud was told about a document: "success success" would be two reports.
told() {
    on box cat /var/lib/cloud/heard | jq -r --arg id "$1" 'select(.body.id == $id and .authorized) | .body.status' | xargs
}

told_is() {
    is "$(told "$1")" "$2"
}

# Receipts that the register printed, by its own paper.
receipts() {
    on box journalctl --no-pager -o cat -u register | grep -c 'КАССОВЫЙ ЧЕК' || true
}

receipts_are() {
    is "$(receipts)" "$1"
}

service() {
    printf '[Service]\n%s\n[Install]\nWantedBy=multi-user.target\n' "$2" > "$(machine_root box)/etc/systemd/system/$1.service"
}

surroundings() {
    local root
    root=$(machine_root box)
    install -m 755 "$simulators" "$root/usr/local/bin/simulators"
    service register "ExecStart=/usr/local/bin/simulators simulate register --protocol shtrih --books /var/lib/register --pty /run/register/line
StandardInput=null
User=kkm-bridge
StateDirectory=register
RuntimeDirectory=register"
    service cloud "ExecStart=/usr/local/bin/simulators simulate cloud --listen 127.0.0.1:9000 --token-file /etc/partner.token --record /var/lib/cloud/heard
StateDirectory=cloud"
    echo "$partner_token" > "$root/etc/partner.token"
    # As udev shows a register that is plugged in.
    echo 'L /dev/serial/by-id/usb-SHTRIH-M_Light_0012345-if00 - - - - /run/register/line' > "$root/etc/tmpfiles.d/register.conf"
}

# --- The parts -----------------------------------------------------------------------------------------------------------

a_fresh_install_waits_for_its_configuration_and_says_so() {
    cp "$package" "$(machine_root box)/root/"
    local said
    said=$(on box sh -c "cd /root && $(readme install)" 2>&1)
    check "the package installs" has "$said" "Setting up kkm-bridge"
    check "and says what comes next" has "$said" "waits for its configuration"
    check "the service is not active" unit_is ActiveState inactive
    check "nor failed" unit_is Result exec-condition
    check "its status says what to do" has "$(on box systemctl status --no-pager kkm-bridge || true)" "No configuration yet"
    check "it did not try again and again" unit_is NRestarts 0
    check "it is enabled" is "$(on box systemctl is-enabled kkm-bridge)" enabled
    check "the directory of tokens is closed to others" is "$(on box stat -c %a:%U:%G /etc/kkm-bridge)" 750:root:kkm-bridge
    check "every key is shown in a conffile" has "$(on box dpkg-query -W -f '${Conffiles}' kkm-bridge)" /etc/kkm-bridge/default.toml
    check "its users have a manual" on box test -s /usr/share/man/man1/kkm-bridge-queue.1.gz
    check "and completions" on box bash -n /usr/share/bash-completion/completions/kkm-bridge
    check "no simulator is in it" not on box kkm-bridge simulate --help 2> /dev/null
    check "nor a point at which a test kills it" not grep -q KKM_BRIDGE_FAIL_AT "$(machine_root box)/usr/bin/kkm-bridge"
}

devices_have_names_that_stay() {
    local names
    cp packaging/usb.sh "$(machine_root box)/root/"
    names=$(on box unshare --mount /root/usb.sh)
    check "a register is found by its serial number" has "$names" "ttyACM0: /dev/kkm/0012345"
    check "its second line apart" has "$names" "ttyACM1: /dev/kkm/0012345-if02"
    check "a printer too" has "$names" "lp0: /dev/kkm/TM20SERIAL01"
    check "what has no number gets no name" has "$names" "ttyUSB0: none"
}

a_wrong_configuration_fails_once_and_says_why() {
    printf '[intake]\nlissten = "127.0.0.1:1"\n' > "$(machine_root box)/etc/kkm-bridge/kkm-bridge.toml"
    on box systemctl start kkm-bridge 2> /dev/null || true
    check "a wrong configuration is a failure" within 5 unit_is ActiveState failed
    sleep 3 # longer than RestartSec
    check "after one try" unit_is NRestarts 0
    check "and it stays one" unit_is ActiveState failed
    check "the key is named" has "$(on box journalctl --no-pager -o cat -u kkm-bridge)" lissten
    on box rm /etc/kkm-bridge/kkm-bridge.toml
}

# Runs a block of README on the machine; further words stand at its end.
run() {
    local text
    text=$(readme "$1")
    on box bash -euo pipefail -c "cd /root; $text ${*:2}"
}

set_up_it_sells() {
    local answers
    on box systemctl enable --quiet --now register cloud
    check "the register has its line" within 10 on box test -e /run/register/line
    # Names, where results go, taxes, language, zone, the partner's token.
    answers=("" "" http://127.0.0.1:9000/callback/ "" "" "" "$partner_token")
    check "setup finds the register and writes the configuration" said "Written: /etc/kkm-bridge/kkm-bridge.toml" \
        run setup --ask < <(printf '%s\n' "${answers[@]}")
    shop_token=$(on box cat /etc/kkm-bridge/shop.token)
    check "the configuration can be used, and is" run start
    check "the doctor finds nothing broken" at_most 1 on box kkm-bridge doctor --offline
    check "started, it is ready" unit_is ActiveState active
    check "a document is taken" has "$(post first)" '"status":"pending"'
    check "its callback comes" within 20 told_is first success
    # One was the trial of setup.
    check "and one receipt" within 5 receipts_are 2
}

every_command_for_every_day_works() {
    local command most
    while read -r command; do
        most=0
        command=${command/ ID/ first}
        command=${command/ FILE/ \/root\/copy.db}
        case $command in
            *"shift open") on box kkm-bridge shift close > /dev/null ;;
            *report* | *cash*) on box kkm-bridge shift open > /dev/null 2>&1 || true ;;
            *restore*) on box systemctl stop kkm-bridge ;;
            # It has a remark on this machine, which has no network.
            *doctor) most=1 ;;&
            *doctor | *support-bundle) command+=" --offline" ;;
        esac
        check "$command" at_most $most on box sh -c "cd /root && $command" < /dev/null
    done <<< "$(readme_commands "Every day")"
    on box systemctl start kkm-bridge
    check "a restored journal is the service's own" unit_is ActiveState active
    on box kkm-bridge agree front
    check "and sells again" has "$(post restored)" '"status":"pending"'
    check "with a receipt" within 20 told_is restored success
    # Asked as root while nothing runs.
    on box sh -c 'systemctl stop kkm-bridge && kkm-bridge queue && systemctl start kkm-bridge' > /dev/null
    check "a question while it is stopped leaves the journal its own" unit_is ActiveState active
}

every_command_for_a_person_in_need_is_understood() {
    local command
    while read -r command; do
        command=${command/ NUMBER / 1 }
        command=${command/ N / 1 }
        command=${command/ FD FP/ 3 123456789}
        command=${command/ NAME/ front}
        command=${command/ SALE/ 1}
        # 1: there is nothing to decide here; 2 would be a word that it does not know.
        check "$command" at_most 1 on box sh -c "$command" < /dev/null
    done <<< "$(readme_commands "When a person is needed")"
}

a_receipt_printer_takes_the_place_of_the_register() {
    local place
    place=$(machine_root box)/etc/kkm-bridge
    sed '/^\[devices/,$d' "$place/kkm-bridge.toml" > "$place/printer.toml"
    readme printer >> "$place/printer.toml"
    check "README's printer is a configuration that can be used" on box kkm-bridge --config /etc/kkm-bridge/printer.toml check
}

it_serves_https() {
    local root
    root=$(machine_root box)
    cp "$root/etc/kkm-bridge/kkm-bridge.toml" "$stage/plain.toml"
    readme tls >> "$root/etc/kkm-bridge/kkm-bridge.toml"
    on box install -m 640 -g kkm-bridge /dev/null /etc/kkm-bridge/key.pem
    cat src/http/testdata/old.pem | tee "$root/etc/kkm-bridge/fullchain.pem" > "$root/etc/kkm-bridge/key.pem"
    on box systemctl restart kkm-bridge
    check "beyond loopback it answers by https" has "$(on box curl -sk -o /dev/null -w '%{http_code} %{ssl_verify_result}' -d x https://127.0.0.1:8443/)" "401"
    check "a reload leaves it running" on box systemctl reload kkm-bridge
    cp "$stage/plain.toml" "$root/etc/kkm-bridge/kkm-bridge.toml"
    on box systemctl restart kkm-bridge
}

the_journal_has_fields() {
    local entry
    entry=$(on box journalctl --no-pager -o json -u kkm-bridge KKM_DOCUMENT=1 | jq -s -c '[.[] | select(.KKM_DEVICE == "front")] | last')
    check "an entry tells its document and device" is "$(jq -r '.KKM_DOCUMENT + " on " + .KKM_DEVICE' <<< "$entry")" "1 on front"
    check "and says it to a person too" has "$(jq -r .MESSAGE <<< "$entry")" "document=1"
}

tokens_come_as_credentials() {
    local root
    root=$(machine_root box)
    mkdir -p "$root/etc/systemd/system/kkm-bridge.service.d"
    readme credentials > "$root/etc/systemd/system/kkm-bridge.service.d/override.conf"
    on box sed -i 's|{ file = "/etc/kkm-bridge/\(.*\)" }|{ credential = "\1" }|' /etc/kkm-bridge/kkm-bridge.toml
    on box sh -c 'chown root:root /etc/kkm-bridge/*.token && chmod 600 /etc/kkm-bridge/*.token && systemctl daemon-reload'
    check "it starts with tokens that its user cannot read" on box systemctl restart kkm-bridge
    check "a shop is known by such a token" has "$(post credential)" '"status":"pending"'
    check "and the cloud knows us" within 20 told_is credential success
    on box mv /etc/kkm-bridge/partner.token /etc/kkm-bridge/elsewhere
    on box systemctl restart kkm-bridge 2> /dev/null || true
    sleep 3
    check "a missing credential is a failure" unit_is ActiveState failed
    check "after one try" unit_is NRestarts 0
    on box mv /etc/kkm-bridge/elsewhere /etc/kkm-bridge/partner.token
    on box systemctl start kkm-bridge
}

the_receipt_at_hand_is_finished_before_a_stop() {
    local before
    before=$(receipts)
    # Slow enough that the stop comes in the middle of it.
    on box mkdir -p /etc/systemd/system/register.service.d
    printf '[Service]\nExecStart=\nExecStart=%s --fault "delay 400ms always"\n' \
        "$(sed -n 's/^ExecStart=//p' "$(machine_root box)/etc/systemd/system/register.service")" \
        > "$(machine_root box)/etc/systemd/system/register.service.d/slow.conf"
    on box sh -c 'systemctl daemon-reload && systemctl restart register'
    post stopped > /dev/null
    check "a receipt is begun" within 20 begun stopped
    on box systemctl stop kkm-bridge
    check "the stop was clean" unit_is Result success
    check "the receipt is finished" is "$(receipts)" "$((before + 1))"
    check "and known to be" has "$(on box kkm-bridge show stopped)" done
    on box rm /etc/systemd/system/register.service.d/slow.conf
    on box sh -c 'systemctl daemon-reload && systemctl restart register && systemctl start kkm-bridge'
    check "its callback comes, once" within 20 told_is stopped success
}

begun() {
    on box kkm-bridge queue | grep -F "$1" | grep -Eq 'begun|closing'
}

a_reboot_and_an_upgrade_lose_nothing() {
    local before config next
    before=$(receipts)
    on box systemctl stop register
    check "a document for a register that is away is taken" has "$(post queued)" '"status":"pending"'
    machine_reboot box
    check "after a reboot the service runs" within 10 unit_is ActiveState active
    check "a register that is back finds its document" within 30 told_is queued success
    check "it printed it once" receipts_are "$((before + 1))"

    on box systemctl stop register
    post upgraded > /dev/null
    config=$(on box sha256sum /etc/kkm-bridge/kkm-bridge.toml /etc/kkm-bridge/shop.token)
    next=$stage/next
    mkdir "$next"
    packaging/repack.sh "$package" 99.0.0 "$next"
    cp "$next"/*.deb "$(machine_root box)/root/"
    # Without anybody to answer a question.
    on box sh -c 'apt-get install -q -y /root/kkm-bridge_99.0.0_*.deb' < /dev/null > "$stage/upgrade" 2>&1 || cat "$stage/upgrade"
    check "the upgrade is installed" is "$(on box dpkg-query -W -f '${Version} ${Status}' kkm-bridge)" "99.0.0 install ok installed"
    check "the service runs again" within 10 unit_is ActiveState active
    check "configuration and tokens are as they were" is "$(on box sha256sum /etc/kkm-bridge/kkm-bridge.toml /etc/kkm-bridge/shop.token)" "$config"
    on box systemctl start register
    check "what was queued is printed after the upgrade" within 30 told_is upgraded success
    check "once" receipts_are "$((before + 2))"
}

a_disk_that_fails_stops_it_once() {
    local disk=$stage/disk
    machine_off box
    truncate -s 64M "$disk.img"
    mkfs.ext4 -q "$disk.img"
    mkdir "$disk"
    mount -o loop "$disk.img" "$disk"
    cp -a "$(machine_root box)/var/lib/kkm-bridge/." "$disk"
    machine_boot box --private-network --bind="$disk:/var/lib/kkm-bridge"
    check "its journal on another disk, it runs" within 10 unit_is ActiveState active
    # EXT4_IOC_SHUTDOWN without flushing: from now on the disk writes nothing.
    python3 -c 'import fcntl, os, struct, sys; fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587D, struct.pack("I", 2))' "$disk"
    check "nothing is taken any more" not has "$(post unwritten)" pending 2> /dev/null
    check "the service has failed" within 10 unit_is ActiveState failed
    check "with the code that says disk" unit_is ExecMainStatus 74
    sleep 3
    check "and is not tried again and again" unit_is NRestarts 0
    machine_off box
    umount "$disk"
    mount -o loop "$disk.img" "$disk"
    machine_boot box --private-network --bind="$disk:/var/lib/kkm-bridge"
    check "on a disk that is sound again it runs" within 10 unit_is ActiveState active
    check "and sells" has "$(post sound)" '"status":"pending"'
    check "with a receipt" within 20 told_is sound success
    check "what was not taken was not sold" is "$(told unwritten)" ""
    machine_off box
    cp -a "$disk/." "$(machine_root box)/var/lib/kkm-bridge"
    umount "$disk"
    machine_boot box --private-network
}

removed_it_leaves_the_books() {
    on box apt-get remove -q -y kkm-bridge > /dev/null 2>&1
    check "removed, the program is gone" not on box test -e /usr/bin/kkm-bridge
    check "and does not run" not on box pgrep -x kkm-bridge
    check "the configuration stays" on box test -e /etc/kkm-bridge/kkm-bridge.toml
    on box apt-get purge -q -y kkm-bridge > "$stage/purge" 2>&1
    check "purged, the tokens are gone" not on box test -e /etc/kkm-bridge
    check "the journal stays" on box test -s /var/lib/kkm-bridge/journal.db
    check "and this is said" has "$(cat "$stage/purge")" "The journal of kkm-bridge stays"
}

# -------------------------------------------------------------------------------------------------------------------------

machines
machine_new box
surroundings
machine_boot box --private-network
for part in \
    a_fresh_install_waits_for_its_configuration_and_says_so \
    devices_have_names_that_stay \
    a_wrong_configuration_fails_once_and_says_why \
    set_up_it_sells \
    the_journal_has_fields \
    every_command_for_every_day_works \
    every_command_for_a_person_in_need_is_understood \
    a_receipt_printer_takes_the_place_of_the_register \
    it_serves_https \
    tokens_come_as_credentials \
    the_receipt_at_hand_is_finished_before_a_stop \
    a_reboot_and_an_upgrade_lose_nothing \
    a_disk_that_fails_stops_it_once \
    removed_it_leaves_the_books; do
    echo "--- ${part//_/ }"
    $part
done
echo "$passed passed, 0 failed"
