//! Where a party may have its entries brought to.

use std::net::IpAddr;

use url::{Host, Url};

use crate::outgoing::may_be_called;

/// The longest address, in characters.
const CHARACTERS_MAX: usize = 2_000;

/// An address that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address(Url);

impl Address {
    /// Reads an address; the error says what was expected.
    pub(super) fn parse(text: &str, is_sandbox: bool) -> Result<Self, &'static str> {
        if text.chars().count() > CHARACTERS_MAX {
            return Err("at most 2000 characters");
        }
        let url = Url::parse(text).map_err(|_| "an https address")?;
        let host = url.host().ok_or("an https address")?;
        let is_here = match host {
            Host::Domain(name) => name.eq_ignore_ascii_case("localhost") || name.ends_with(".localhost"),
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        match url.scheme() {
            "https" => {}
            "http" if is_sandbox && is_here => {}
            _ => return Err("an https address"),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("an address without credentials");
        }
        if url.fragment().is_some() {
            return Err("an address without a fragment");
        }
        let is_allowed = match host {
            Host::Domain(_) => !is_here || is_sandbox,
            Host::Ipv4(address) => may_be_called(IpAddr::V4(address), is_sandbox),
            Host::Ipv6(address) => may_be_called(IpAddr::V6(address), is_sandbox),
        };
        if is_allowed { Ok(Self(url)) } else { Err("an address of another machine") }
    }

    pub(super) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(super) const fn url(&self) -> &Url {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn a_private_network_is_called_and_the_platform_s_own_machine_is_not() {
        for (text, outside, in_a_sandbox) in [
            ("https://oa.example/inbox?tenant=1", true, true),
            ("https://10.20.30.40:8443/inbox", true, true),
            ("https://192.168.1.9/inbox", true, true),
            ("https://[fd00::17]/inbox", true, true),
            ("http://oa.example/inbox", false, false),
            ("http://127.0.0.1:9000/inbox", false, true),
            ("https://127.0.0.1/inbox", false, true),
            ("https://localhost/inbox", false, true),
            ("https://[::1]/inbox", false, true),
            ("https://[::ffff:127.0.0.1]/inbox", false, true),
            ("https://169.254.169.254/latest/meta-data", false, false),
            ("https://[fe80::1]/inbox", false, false),
            ("https://0.0.0.0/inbox", false, false),
            ("https://224.0.0.1/inbox", false, false),
            ("https://user:secret@oa.example/inbox", false, false),
            ("https://oa.example/inbox#here", false, false),
            ("ftp://oa.example/inbox", false, false),
            ("inbox", false, false),
            ("", false, false),
        ] {
            assert_eq!(Address::parse(text, false).is_ok(), outside, "{text}");
            assert_eq!(Address::parse(text, true).is_ok(), in_a_sandbox, "{text} in a sandbox");
        }
        let path = |count: usize| format!("https://oa.example/{}", "a".repeat(count));
        assert!(Address::parse(&path(CHARACTERS_MAX - 19), false).is_ok());
        assert!(Address::parse(&path(CHARACTERS_MAX - 18), false).is_err());
    }
}
