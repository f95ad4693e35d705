//! Who asks for a page: a session, or the way to sign in.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::header::COOKIE;
use http::{HeaderMap, request};

use super::Console;
use super::accounts::Role;
use super::page;
use super::sessions::Session;
use super::words::Words;
use crate::courier::local_now;

/// The cookie of a session.
pub(super) const COOKIE_NAME: &str = "tongqiao-console";

/// Somebody who is signed in.
#[derive(Clone)]
pub(super) struct Visitor {
    pub(super) session: Session,
    pub(super) token: String,
    pub(super) words: Words,
}

/// Somebody who may see how the node is.
pub(super) struct Administrator(pub(super) Visitor);

impl FromRequestParts<Console> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut request::Parts, console: &Console) -> Result<Self, Self::Rejection> {
        let words = Words::of(&parts.headers);
        let known = token(&parts.headers)
            .and_then(|token| Some((console.0.sessions.find(&token, local_now())?, token)))
            // An account that was taken out, or has another role by now, has to sign in again.
            .filter(|(session, _)| console.0.accounts.role(&session.name) == Some(session.role));
        match known {
            Some((session, token)) => Ok(Self { session, token, words }),
            None => Err(Redirect::to("/console/sign-in").into_response()),
        }
    }
}

impl FromRequestParts<Console> for Administrator {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut request::Parts, console: &Console) -> Result<Self, Self::Rejection> {
        let visitor = Visitor::from_request_parts(parts, console).await?;
        if visitor.session.role == Role::Administrator {
            return Ok(Self(visitor));
        }
        let text = visitor.words.say("此页仅供管理员查看。", "This page is for administrators.");
        Err(page::refusal(&visitor, http::StatusCode::FORBIDDEN, text))
    }
}

fn token(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE_NAME).map(|(_, value)| value.to_owned())
}
