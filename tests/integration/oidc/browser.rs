//! What a person's browser does: follow redirects with cookies, fill in a form, come back with an address.

use std::collections::BTreeMap;

/// A page, or the address at which the provider is done with us.
pub(crate) enum Stop {
    /// A page that wants something.
    Page { address: String },
    /// The redirect address of the relying party, never fetched.
    Back { address: String },
}

/// A browser with its own cookies.
pub(crate) struct Browser {
    client: reqwest::Client,
    cookies: BTreeMap<String, String>,
    redirect: String,
}

/// No page of a provider redirects more often.
const REDIRECTS_MAX: usize = 10;

impl Browser {
    /// A browser that stops when it is sent to this address.
    pub(crate) fn new(redirect: &str) -> Self {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Self { client, cookies: BTreeMap::new(), redirect: redirect.to_owned() }
    }

    pub(crate) async fn open(&mut self, address: &str) -> Stop {
        self.walk(self.client.get(address), address).await
    }

    /// Sends a form to the page's own address, as its button does.
    pub(crate) async fn submit(&mut self, page: &str, fields: &[(&str, &str)]) -> Stop {
        self.walk(self.client.post(page).form(fields), page).await
    }

    async fn walk(&mut self, first: reqwest::RequestBuilder, address: &str) -> Stop {
        let (mut request, mut address) = (first, address.to_owned());
        for _ in 0..REDIRECTS_MAX {
            let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
            let answer = request.header("cookie", cookies.join("; ")).send().await.unwrap();
            self.keep_cookies(&answer);
            let status = answer.status();
            let Some(location) = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned())
            else {
                assert!(status.is_success(), "{address} answered {status}: {}", answer.text().await.unwrap());
                return Stop::Page { address };
            };
            address = answer.url().join(&location).unwrap().to_string();
            if address.starts_with(&self.redirect) {
                return Stop::Back { address };
            }
            request = self.client.get(&address);
        }
        panic!("more than {REDIRECTS_MAX} redirects, the last to {address}");
    }

    fn keep_cookies(&mut self, answer: &reqwest::Response) {
        for cookie in answer.headers().get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

impl Stop {
    pub(crate) fn page(self) -> String {
        match self {
            Self::Page { address } => address,
            Self::Back { address } => panic!("expected a page, was sent back to {address}"),
        }
    }

    pub(crate) fn back(self) -> String {
        match self {
            Self::Back { address } => address,
            Self::Page { address } => panic!("expected to be sent back, was shown {address}"),
        }
    }
}
