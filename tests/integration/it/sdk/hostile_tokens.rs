//! Tokens that somebody forged with what everybody may read: the provider's public keys. And keys that have grown old.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use tongqiao::{
    Arrival, Client, Clock, Credentials, IdentityProvider, Request, Response, Secret, Sending, Silence, Transport,
    TransportFailure,
};
use tongqiao_protocol::{ErrorCode, Suite, Timestamp};

use super::sandbox::{Sandbox, reqwest_client};
use super::signing_in::{REDIRECT, token};

/// The RSA key of the example in RFC 7517, appendix A.1.
const RSA_MODULUS: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

/// The way to the provider, with somebody on it who adds to what the provider says: every algorithm, and a key of his choice.
#[derive(Default)]
pub(super) struct Bent {
    pub(super) key: Option<Value>,
    pub(super) is_cut: Mutex<bool>,
}

impl Transport for Bent {
    fn send<'a>(&'a self, request: Request) -> Sending<'a> {
        Box::pin(async move {
            if *self.is_cut.lock().unwrap() {
                return Err(TransportFailure::new(Silence::NotConnected, Arrival::No, "cut"));
            }
            let broken = |error: reqwest::Error| TransportFailure::new(Silence::Broken, Arrival::Perhaps, error);
            let request = reqwest::Request::try_from(request).map_err(broken)?;
            let answer = reqwest_client().execute(request).await.map_err(broken)?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            let body = answer.bytes().await.map_err(broken)?.to_vec();
            let mut response = Response::new(self.bend(body));
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok(response)
        })
    }
}

impl Bent {
    fn bend(&self, body: Vec<u8>) -> Vec<u8> {
        let Some(key) = &self.key else { return body };
        let Ok(mut value) = serde_json::from_slice::<Value>(&body) else { return body };
        if value.get("jwks_uri").is_some() {
            value["id_token_signing_alg_values_supported"] =
                json!(["ES256", "RS256", "PS256", "EdDSA", "HS256", "none"]);
        } else if let Some(keys) = value["keys"].as_array_mut() {
            keys.push(key.clone());
        } else {
            return body;
        }
        value.to_string().into_bytes()
    }
}

pub(super) struct World {
    pub(super) sandbox: Sandbox,
    pub(super) id: String,
    secret: String,
    credentials: Credentials,
}

impl World {
    pub(super) async fn new() -> Self {
        let sandbox = Sandbox::start().await;
        let registration = json!({ "redirect_uris": [REDIRECT] });
        let registered = sandbox.post("/sandbox/oidc/clients", &registration).await;
        let text = |name: &str| registered[name].as_str().unwrap().to_owned();
        let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
        Self { id: text("client_id"), secret: text("client_secret"), credentials, sandbox }
    }

    pub(super) async fn client(&self, bent: Arc<Bent>, clock: Option<Arc<Moved>>) -> Client {
        let provider = IdentityProvider::new(&self.sandbox.url(), &self.id, REDIRECT).unwrap();
        let provider = provider
            .client_secret(Secret::new(self.secret.as_str()))
            .keys_fresh_for(Duration::from_secs(3_600))
            .keys_good_for(Duration::from_secs(86_400));
        let mut builder = self.sandbox.builder(&self.credentials).in_memory().transport(bent).identity(provider);
        if let Some(clock) = clock {
            builder = builder.clock(clock);
        }
        builder.build().await.unwrap()
    }

    async fn keys(&self) -> Value {
        self.sandbox.get("/oidc/jwks").await
    }
}

fn parts(token: &str) -> (Value, Value, String) {
    let mut parts = token.split('.');
    let mut json = || serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts.next().unwrap()).unwrap()).unwrap();
    let (header, claims) = (json(), json());
    (header, claims, parts.next().unwrap().to_owned())
}

fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()))
}

fn hs256(key: &[u8], header: &Value, claims: &Value) -> String {
    let signed = unsigned(header, claims);
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
    mac.update(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn no_algorithm_but_the_key_s_own_makes_a_token_good() {
    let world = World::new().await;
    let honest = world.client(Arc::new(Bent::default()), None).await;
    let good = token(&world.sandbox, &honest).await;
    let (header, claims, signature) = parts(&good);
    let mut forged = claims.clone();
    forged["sub"] = json!("u-0001");
    let kid = header["kid"].clone();
    // The published key as a forger would feed it to a MAC: its document, its coordinates, its point.
    let key = world.keys().await["keys"][0].clone();
    let coordinate = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
    let point = [vec![4], coordinate("x"), coordinate("y")].concat();
    let rsa = json!({ "kty": "RSA", "n": RSA_MODULUS, "e": "AQAB", "kid": "rsa-1", "use": "sig" });
    let rsa_under_its_name = json!({ "kty": "RSA", "n": RSA_MODULUS, "e": "AQAB", "kid": kid, "use": "sig" });
    let symmetric = json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode("known to all"), "kid": "oct-1", "use": "sig" });
    let with = |alg: &str, kid: &Value| json!({ "alg": alg, "typ": "JWT", "kid": kid });
    let rsa_bytes = URL_SAFE_NO_PAD.encode([1_u8; 256]);

    let hostile = [
        ("another person", format!("{}.{signature}", unsigned(&header, &forged))),
        ("none", format!("{}.", unsigned(&with("none", &kid), &forged))),
        ("none without a kid", format!("{}.", unsigned(&json!({ "alg": "none" }), &forged))),
        ("none with a signature", format!("{}.{signature}", unsigned(&with("none", &kid), &claims))),
        ("None", format!("{}.", unsigned(&with("None", &kid), &forged))),
        ("HS256 by the key's document", hs256(key.to_string().as_bytes(), &with("HS256", &kid), &forged)),
        ("HS256 by the key's x", hs256(&coordinate("x"), &with("HS256", &kid), &forged)),
        ("HS256 by the key's point", hs256(&point, &with("HS256", &kid), &forged)),
        ("HS256 by nothing", hs256(b"", &with("HS256", &kid), &forged)),
        ("HS256 by a published octet key", hs256(b"known to all", &with("HS256", &json!("oct-1")), &forged)),
        ("RS256 with the elliptic signature", format!("{}.{signature}", unsigned(&with("RS256", &kid), &claims))),
        ("RS256 by an RSA key", format!("{}.{rsa_bytes}", unsigned(&with("RS256", &json!("rsa-1")), &forged))),
        ("PS256 by an RSA key", format!("{}.{rsa_bytes}", unsigned(&with("PS256", &json!("rsa-1")), &forged))),
        ("ES256 by an RSA key", format!("{}.{signature}", unsigned(&with("ES256", &json!("rsa-1")), &forged))),
        ("ES384 by the key of ES256", format!("{}.{signature}", unsigned(&with("ES384", &kid), &claims))),
        ("a signature of zeros", format!("{}.{}", unsigned(&header, &forged), URL_SAFE_NO_PAD.encode([0_u8; 64]))),
        ("no signature", format!("{}.", unsigned(&header, &forged))),
        (
            "an embedded key",
            format!("{}.{signature}", {
                let mut header = header.clone();
                header["jwk"] = key.clone();
                unsigned(&header, &forged)
            }),
        ),
        (
            "a critical extension",
            format!("{}.{signature}", {
                let mut header = header.clone();
                header["crit"] = json!(["exp"]);
                unsigned(&header, &claims)
            }),
        ),
    ];
    for (way, added) in
        [("honest", None), ("RSA", Some(rsa)), ("same kid", Some(rsa_under_its_name)), ("oct", Some(symmetric))]
    {
        let client = world.client(Arc::new(Bent { key: added, ..Bent::default() }), None).await;
        for (what, token) in &hostile {
            let refused = client.identity().verify(token).await.map(drop).unwrap_err();
            assert_eq!(refused.code(), ErrorCode::IdentityTokenInvalid, "{what}, with keys {way}: {refused}");
        }
    }
    honest.identity().verify(&good).await.unwrap();
}

#[tokio::test]
async fn a_token_by_the_former_key_stays_good_through_its_window_and_the_new_key_is_fetched_once() {
    let world = World::new().await;
    let client = world.client(Arc::new(Bent::default()), None).await;
    let before = token(&world.sandbox, &client).await;
    world.sandbox.post("/sandbox/oidc/rotate-keys", &json!({})).await;
    let after = token(&world.sandbox, &client).await;
    assert_ne!(parts(&before).0["kid"], parts(&after).0["kid"]);
    let first = client.identity().verify(&after).await.unwrap();
    let second = client.identity().verify(&before).await.unwrap();
    assert_eq!(first.keys_fetched_at(), second.keys_fetched_at());
}

/// A clock that the test moves.
pub(super) struct Moved(Mutex<Timestamp>);

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

#[tokio::test]
async fn cached_keys_say_how_old_they_are_and_too_old_ones_verify_nothing() {
    let world = World::new().await;
    let bent = Arc::new(Bent::default());
    let clock = Arc::new(Moved(Mutex::new(tongqiao::SystemClock.now())));
    let client = world.client(Arc::clone(&bent), Some(Arc::clone(&clock))).await;
    let token = token(&world.sandbox, &client).await;
    let passes = |seconds: i64| {
        let mut now = clock.0.lock().unwrap();
        *now = now.plus_millis(seconds * 1_000);
    };
    let fetched = client.identity().verify(&token).await.unwrap();
    assert!(fetched.keys_age() < Duration::from_secs(1));

    *bent.is_cut.lock().unwrap() = true;
    passes(500);
    let offline = client.identity().verify(&token).await.unwrap();
    assert_eq!(offline.keys_age(), Duration::from_secs(500));
    assert_eq!(offline.keys_fetched_at(), fetched.keys_fetched_at());
    // Past the hour in which they are fresh they still do, and past the day nothing does. The token is over by then; the age
    // of the keys is judged first.
    passes(3_600);
    assert_eq!(client.identity().verify(&token).await.unwrap_err().code(), ErrorCode::IdentityTokenExpired);
    passes(86_400);
    let refused = client.identity().verify(&token).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::IdentityKeysUnavailable, "{refused}");
    assert_eq!(client.identity().begin().await.unwrap_err().code(), ErrorCode::IdentityKeysUnavailable);
}
