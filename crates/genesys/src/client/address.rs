//! Where an org is: its region's hosts, or an address that somebody names.

use std::fmt;
use std::net::IpAddr;

use http_client::AllowedHost;

/// AWS regions with the domain that Genesys Cloud has in each. Source: the vendor's Terraform provider and SDKs.
pub const REGIONS: [(&str, &str); 18] = [
    ("us-east-1", "mypurecloud.com"),
    ("us-east-2", "use2.us-gov-pure.cloud"),
    ("us-west-2", "usw2.pure.cloud"),
    ("ca-central-1", "cac1.pure.cloud"),
    ("mx-central-1", "mxc1.pure.cloud"),
    ("sa-east-1", "sae1.pure.cloud"),
    ("eu-west-1", "mypurecloud.ie"),
    ("eu-west-2", "euw2.pure.cloud"),
    ("eu-central-1", "mypurecloud.de"),
    ("eu-central-2", "euc2.pure.cloud"),
    ("me-central-1", "mec1.pure.cloud"),
    ("ap-south-1", "aps1.pure.cloud"),
    ("ap-southeast-1", "apse1.pure.cloud"),
    ("ap-southeast-2", "mypurecloud.com.au"),
    ("ap-northeast-1", "mypurecloud.jp"),
    ("ap-northeast-2", "apne2.pure.cloud"),
    ("ap-northeast-3", "apne3.pure.cloud"),
    ("eusc-de-east-1", "edee1.eusc-pure.cloud"),
];

/// The addresses of an org's API and of its login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    api: String,
    login: String,
    /// The host, where it is one that somebody named in plain HTTP.
    plain_host: Option<String>,
}

impl Address {
    /// The org's region: `eu-central-1`, or its domain `mypurecloud.de`; or the address of a simulated org, `http://127.0.0.1:4566`,
    /// which is this machine's or a private one: the client's secret goes there unencrypted.
    ///
    /// # Errors
    /// A sentence with what is known.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim().trim_end_matches('/');
        if let Some(rest) = text.strip_prefix("http://") {
            let authority = rest.split('/').next().unwrap_or_default();
            let host = match authority.rsplit_once(':') {
                Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
                _ => authority,
            };
            let is_whole = rest == authority && !host.is_empty() && host.parse::<AllowedHost>().is_ok();
            return if is_whole && !is_near(host) {
                Err(format!(
                    "'{text}' is plain HTTP, by which the client's secret would be read by anybody on the way; that is for \
                     localhost and private addresses such as 10.1.2.3. Name an org of Genesys Cloud by its region or its \
                     domain, without a scheme"
                ))
            } else if is_whole {
                Ok(Self { api: text.to_owned(), login: text.to_owned(), plain_host: Some(host.to_owned()) })
            } else {
                Err(format!("'{text}' is not an address like http://127.0.0.1:4566"))
            };
        }
        let found = REGIONS.iter().find(|(region, domain)| *region == text || *domain == text);
        let Some((_, domain)) = found else {
            let known: Vec<&str> = REGIONS.iter().map(|(region, _)| *region).collect();
            return Err(format!(
                "'{text}' is not a region of Genesys Cloud; the regions are {}. For a simulated org name its address, such as http://127.0.0.1:4566",
                known.join(", ")
            ));
        };
        Ok(Self {
            api: format!("https://api.{domain}"),
            login: format!("https://login.{domain}"),
            plain_host: None,
        })
    }

    /// Where API calls go, without a slash at the end.
    pub fn api(&self) -> &str {
        &self.api
    }

    /// Where tokens are requested, without a slash at the end.
    pub fn login(&self) -> &str {
        &self.login
    }

    /// What the guard must let through beside public addresses over HTTPS.
    pub(crate) fn named(&self) -> Option<AllowedHost> {
        self.plain_host.as_deref()?.parse().ok()
    }
}

/// Whether a host is this machine, or an address (no name: who answers to a name may change) of a private network.
fn is_near(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_private() || address.is_link_local(),
        Ok(IpAddr::V6(address)) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.api)
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn an_org_is_at_its_regions_hosts() {
        for text in ["eu-central-1", "mypurecloud.de"] {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.api(), "https://api.mypurecloud.de");
            assert_eq!(address.login(), "https://login.mypurecloud.de");
        }
        let local = Address::parse("http://127.0.0.1:4566/").unwrap();
        assert_eq!((local.api(), local.login()), ("http://127.0.0.1:4566", "http://127.0.0.1:4566"));
        for wrong in ["mars-1", "http://", "http://a/b", "https://api.mypurecloud.de", "http://:80"] {
            Address::parse(wrong).unwrap_err();
        }
    }

    #[test]
    fn plain_http_is_for_this_machine_and_private_addresses() {
        for near in [
            "127.0.0.1:4566",
            "localhost",
            "LOCALHOST:80",
            "[::1]:4566",
            "10.1.2.3",
            "172.16.0.9:1",
            "192.168.1.1",
            "[fd00::1]",
        ] {
            Address::parse(&format!("http://{near}")).unwrap();
        }
        for far in [
            "api.mypurecloud.de",
            "mypurecloud.de",
            "trunkline:4566",
            "8.8.8.8",
            "172.32.0.1",
            "[2001:db8::1]:80",
            "localhost.example.com",
        ] {
            let said = Address::parse(&format!("http://{far}")).unwrap_err();
            assert!(said.contains("without a scheme"), "{far}: {said}");
        }
    }
}
