//! Signing in where the city has no OpenID provider but a CAS server (protocol 2 and 3): a ticket, validated server to server.

mod answer;

use std::collections::BTreeMap;
use std::sync::Arc;

use http::StatusCode;
use http::header::ACCEPT;
use openidconnect::CsrfToken;
use serde::{Deserialize, Serialize};
use tongqiao_protocol::ErrorCode;
use url::Url;

use self::answer::Answer;
use super::subject::{Claims, PrincipalClaim};
use super::{Assurance, Organisation, Subject};
use crate::client::Shared;
use crate::{Error, Secret};

/// The longest ticket that is shown to the server.
const TICKET_BYTES_MAX: usize = 1_024;

/// Which validation a CAS server is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CasProtocol {
    /// `serviceValidate`: the account's id and nothing else, unless the server adds attributes of its own.
    Two,
    /// `p3/serviceValidate`: with attributes.
    Three,
}

/// The CAS server at which people sign in, and the address to which it sends them back.
///
/// ```
/// use tongqiao::{CasProtocol, CasServer};
///
/// let server = CasServer::new("https://login.example/cas", "https://civil.example/back")?
///     .protocol(CasProtocol::Two)
///     .id_attribute("userId");
/// # Ok::<(), tongqiao::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct CasServer {
    base: Url,
    service: Url,
    protocol: CasProtocol,
    id_attribute: Option<String>,
}

impl CasServer {
    /// The server's address, below which `login` and `serviceValidate` are, and the registered address of this system.
    ///
    /// # Errors
    /// `client.configuration` when one is no address of the web.
    pub fn new(base: &str, service: &str) -> Result<Self, Error> {
        let address = |name: &str, text: &str| match Url::parse(text) {
            Ok(url) if url.has_host() && matches!(url.scheme(), "https" | "http") => Ok(url),
            Ok(_) => Err(Error::configuration(name, "an https address")),
            Err(error) => Err(Error::configuration(name, error)),
        };
        let (base, service) = (address("CAS server", base)?, address("CAS service", service)?);
        Ok(Self { base, service, protocol: CasProtocol::Three, id_attribute: None })
    }

    /// Another protocol than 3.
    #[must_use]
    pub const fn protocol(mut self, protocol: CasProtocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// The attribute that holds the stable id of the account, where `user` is a name that may change or belong to several.
    #[must_use]
    pub fn id_attribute(mut self, name: &str) -> Self {
        self.id_attribute = Some(name.to_owned());
        self
    }

    /// By which subjects of this server are told from those of others.
    fn issuer(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    fn below(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{path}", self.base.path().trim_end_matches('/')));
        url
    }
}

/// A sign-in at a CAS server under way; like [`SignIn`](super::SignIn) it belongs into the person's session on the server.
#[derive(Serialize, Deserialize)]
pub struct CasSignIn {
    address: Url,
    service: Url,
    state: String,
}

impl CasSignIn {
    /// Where the browser goes.
    pub fn address(&self) -> &str {
        self.address.as_str()
    }

    /// The whole as secret bytes, for a session store.
    pub fn seal(&self) -> Secret {
        Secret::new(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Takes back what [`CasSignIn::seal`] gave.
    ///
    /// # Errors
    /// `identity.state_mismatch` when these are other bytes.
    pub fn open(sealed: &Secret) -> Result<Self, Error> {
        serde_json::from_slice(sealed.expose())
            .map_err(|error| Error::of(ErrorCode::IdentityStateMismatch).because(error))
    }
}

impl std::fmt::Debug for CasSignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CasSignIn").finish_non_exhaustive()
    }
}

/// Somebody who has signed in at a CAS server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CasSignedIn {
    subject: Subject,
    assurance: Option<Assurance>,
    attributes: BTreeMap<String, Vec<String>>,
}

impl CasSignedIn {
    /// Who; the same type as from an OpenID provider.
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// How sure the server is, where it says so in the attributes `assurance_scale` and `assurance_value`.
    pub const fn assurance(&self) -> Option<&Assurance> {
        self.assurance.as_ref()
    }

    /// Everything else that the server said, by name.
    pub const fn attributes(&self) -> &BTreeMap<String, Vec<String>> {
        &self.attributes
    }
}

/// Begins: the address with a state of its own in it, because CAS has none.
pub(super) fn begin(server: &CasServer) -> CasSignIn {
    let state = CsrfToken::new_random().secret().clone();
    let mut service = server.service.clone();
    service.query_pairs_mut().append_pair("state", &state);
    let mut address = server.below("login");
    address.query_pairs_mut().append_pair("service", service.as_str());
    CasSignIn { address, service, state }
}

/// Ends: the ticket in the address to which the browser came back, validated once.
pub(super) async fn finish(
    shared: &Shared,
    server: &CasServer,
    sign_in: CasSignIn,
    callback: &str,
) -> Result<CasSignedIn, Error> {
    let ticket = ticket_of(server, &sign_in, callback)?;
    let mut address = server.below(match server.protocol {
        CasProtocol::Two => "serviceValidate",
        CasProtocol::Three => "p3/serviceValidate",
    });
    address.query_pairs_mut().append_pair("service", sign_in.service.as_str()).append_pair("ticket", &ticket);
    let text = fetch(shared, &address).await?;
    let answer = Answer::read(&text)?;
    believed(shared, server, answer)
}

fn ticket_of(server: &CasServer, sign_in: &CasSignIn, callback: &str) -> Result<String, Error> {
    let address = match Url::parse(callback) {
        Err(url::ParseError::RelativeUrlWithoutBase) => server.service.join(callback),
        other => other,
    };
    let address = address.map_err(|error| Error::of(ErrorCode::IdentityStateMismatch).because(error))?;
    let value = |name: &str| address.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    if value("state").as_deref() != Some(sign_in.state.as_str()) {
        return Err(Error::of(ErrorCode::IdentityStateMismatch));
    }
    // A server that signs nobody in sends the browser back without a ticket, or not at all.
    let ticket = value("ticket").ok_or_else(|| Error::of(ErrorCode::IdentityDenied).detail("no ticket"))?;
    let is_well_formed =
        (1..=TICKET_BYTES_MAX).contains(&ticket.len()) && ticket.bytes().all(|byte| byte.is_ascii_graphic());
    if is_well_formed { Ok(ticket) } else { Err(invalid("a ticket that cannot be one")) }
}

async fn fetch(shared: &Shared, address: &Url) -> Result<String, Error> {
    let request = http::Request::builder().uri(address.as_str()).header(ACCEPT, "application/xml, text/xml");
    let request = request.body(Vec::new()).map_err(Error::internal)?;
    // The address has the ticket in it, which is spent by now: its failure may be told, the address may not.
    let answer = shared.exchange.shared_transport().send(request).await?;
    if answer.status() != StatusCode::OK {
        let detail = format!("the CAS server answered {}", answer.status().as_u16());
        return Err(Error::of(ErrorCode::IdentityProviderFailed).detail(detail));
    }
    String::from_utf8(answer.into_body()).map_err(|_| invalid("the CAS server's answer is not UTF-8"))
}

fn believed(shared: &Shared, server: &CasServer, answer: Answer) -> Result<CasSignedIn, Error> {
    let Answer { user, attributes } = answer;
    let one = |name: &str| attributes.get(name).and_then(|values| values.first()).filter(|value| !value.is_empty());
    let id = match &server.id_attribute {
        None => user,
        Some(name) => match attributes.get(name).map(Vec::as_slice) {
            Some([id]) if !id.is_empty() => id.clone(),
            _ => return Err(invalid("the attribute with the stable id is missing, or there several times")),
        },
    };
    let claims = Claims {
        assurance: None,
        subject_kind: one("subject_kind").cloned(),
        organisation: one("organisation_name").map(|name| Organisation::new(name, one("credit_code"))),
        acting_for: one("acting_for_kind").map(|kind| PrincipalClaim {
            subject_kind: Some(kind.clone()),
            sub: one("acting_for_sub").cloned(),
            name: one("acting_for_name").cloned(),
            credit_code: one("acting_for_credit_code").cloned(),
        }),
        valid_until: one("valid_until").cloned(),
        sid: None,
    };
    let assurance = match (one("assurance_scale"), one("assurance_value")) {
        (Some(scale), Some(value)) => Some(Assurance::new(scale, value)),
        _ => None,
    };
    let subject = claims.subject(server.issuer(), &id, shared.clock.now())?;
    Ok(CasSignedIn { subject, assurance, attributes })
}

fn invalid(reason: &str) -> Error {
    Error::of(ErrorCode::IdentityTokenInvalid).detail(reason)
}

/// The server, or the mistake of having none.
pub(super) fn server(shared: &Arc<Shared>) -> Result<&CasServer, Error> {
    shared.cas.as_ref().ok_or_else(|| Error::configuration("cas", "no CAS server was named"))
}
