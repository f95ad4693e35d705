//! What dpkg runs. They work under another root too (`DPKG_ROOT`), where nothing is running.

/// Names and texts.
pub(super) const ALL: [(&str, &str); 3] = [("postinst", POSTINST), ("prerm", PRERM), ("postrm", POSTRM)];

/// Users and folders; after an upgrade what runs is started anew. Nothing is enabled: that is done after enrolment.
const POSTINST: &str = r#"#!/bin/sh
set -e
if [ "$1" = configure ]; then
    systemd-sysusers ${DPKG_ROOT:+--root="$DPKG_ROOT"} tongqiao.conf
    systemd-tmpfiles ${DPKG_ROOT:+--root="$DPKG_ROOT"} --create tongqiao.conf
    if [ -z "$DPKG_ROOT" ] && [ -d /run/systemd/system ]; then
        systemctl daemon-reload
        if [ -n "$2" ]; then
            deb-systemd-invoke try-restart tongqiao-node.service tongqiao-hub.service tongqiao-sidecar.service
        fi
    fi
fi
exit 0
"#;

const PRERM: &str = r#"#!/bin/sh
set -e
if [ "$1" = remove ] && [ -z "$DPKG_ROOT" ] && [ -d /run/systemd/system ]; then
    deb-systemd-invoke stop tongqiao-node.service tongqiao-hub.service tongqiao-sidecar.service
    deb-systemd-helper disable tongqiao-node.service tongqiao-hub.service tongqiao-sidecar.service
fi
exit 0
"#;

/// What an update has left beside the program goes; the folders of data stay.
const POSTRM: &str = r#"#!/bin/sh
set -e
if [ "$1" = remove ]; then
    for ending in new old lock update; do
        rm -f "$DPKG_ROOT/usr/bin/tongqiao-edge.$ending"
    done
fi
if [ "$1" = purge ]; then
    echo "tongqiao-edge: what was taken into custody stays in /var/lib/tongqiao-*"
fi
if [ -z "$DPKG_ROOT" ] && [ -d /run/systemd/system ]; then
    systemctl daemon-reload
fi
exit 0
"#;
