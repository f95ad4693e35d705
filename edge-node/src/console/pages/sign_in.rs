//! Signing in and out.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue, StatusCode};
use maud::html;
use tokio::sync::Semaphore;

use crate::audit::Deed;
use crate::console::page;
use crate::console::posted::{Posted, Unknown};
use crate::console::visitor::COOKIE_NAME;
use crate::console::words::Words;
use crate::console::{Console, Scheme};
use crate::courier::local_now;

/// Each verification takes 19 MiB for a moment: one after the other.
static ONE_AT_A_TIME: Semaphore = Semaphore::const_new(1);
/// Longer names are nobody's.
const NAME_MOST: usize = 64;

/// `GET /console/sign-in`.
pub(in crate::console) async fn show(headers: HeaderMap) -> Response {
    form(Words::of(&headers), StatusCode::OK, None)
}

fn form(words: Words, status: StatusCode, fault: Option<&str>) -> Response {
    let title = words.say("窗口登录", "Sign in");
    page::bare(
        words,
        status,
        title,
        &html! {
            h1 { (words.say("铜桥 · 乡镇政务服务窗口", "Tongqiao · township service counter")) }
            @if let Some(fault) = fault { p.notice.bad role="alert" { (fault) } }
            form.card method="post" action="/console/sign-in" {
                label for="name" { (words.say("登录名", "Name")) }
                input #name name="name" autocomplete="username" autofocus required maxlength=(NAME_MOST);
                label for="password" { (words.say("口令", "Password")) }
                input #password name="password" type="password" autocomplete="current-password" required maxlength="200";
                button type="submit" { (words.say("登录", "Sign in")) }
            }
            p.hint { (words.say("账号由本机管理员用 tongqiao-edge clerk 建立。断网时照常登录。", "Accounts are made on this machine with tongqiao-edge clerk. The link is not needed.")) }
        },
    )
}

/// `POST /console/sign-in`.
pub(in crate::console) async fn enter(State(console): State<Console>, unknown: Unknown) -> Response {
    let words = unknown.words;
    let name = unknown.fields.get("name").chars().take(NAME_MOST).collect::<String>();
    let password = unknown.fields.get("password").to_owned();
    let inside = &console.0;
    let locked = || {
        let text = words.say("连续输错，该登录名暂停 15 分钟。", "Too many failures: this name rests for 15 minutes.");
        form(words, StatusCode::TOO_MANY_REQUESTS, Some(text))
    };
    let failed = |error: &std::io::Error| {
        tracing::error!(%error, "the console's accounts or audit file");
        let text = words.say(
            "本机账号文件或审计文件不可用，请联系管理员。",
            "The files of accounts or audit do not work; tell your administrator.",
        );
        form(words, StatusCode::INTERNAL_SERVER_ERROR, Some(text))
    };
    // The semaphore is never closed.
    let _turn = ONE_AT_A_TIME.acquire().await;
    // Looked at within the turn: many tries at once are no more tries than one after the other.
    if !inside.sessions.may_try(&name, local_now()) {
        return locked();
    }
    let (accounts, tried) = (inside.accounts.clone(), name.clone());
    let verified = tokio::task::spawn_blocking(move || accounts.verify(&tried, &password)).await;
    let known = match verified.unwrap_or_else(|error| Err(std::io::Error::other(error))) {
        Ok(known) => known,
        Err(error) => return failed(&error),
    };
    let Some(known) = known else {
        let is_locked = inside.sessions.failed(&name, local_now());
        let deed = if is_locked { Deed::LockedOut } else { Deed::SignInFailed };
        // A name that is nobody's may be a password typed into the wrong field.
        let who = if inside.accounts.role(&name).is_some() { name.as_str() } else { "-" };
        if let Err(error) = inside.audit.note(who, deed, "-") {
            return failed(&error);
        }
        let text = words.say("登录名或口令不对。", "Name or password is wrong.");
        return if is_locked { locked() } else { form(words, StatusCode::FORBIDDEN, Some(text)) };
    };
    inside.sessions.succeeded(&name);
    let begun = inside.audit.note(&name, Deed::SignedIn, "-").and_then(|()| inside.sessions.begin(known, local_now()));
    match begun {
        Ok(token) => redirect_with(&cookie(&token, inside.scheme)),
        Err(error) => failed(&error),
    }
}

/// `POST /console/sign-out`.
pub(in crate::console) async fn leave(State(console): State<Console>, posted: Posted) -> Response {
    let inside = &console.0;
    inside.sessions.end(&posted.visitor.token);
    if let Err(error) = inside.audit.note(&posted.visitor.session.name, Deed::SignedOut, "-") {
        tracing::error!(%error, "the audit file");
    }
    redirect_with(&format!("{}; Max-Age=0", cookie("", inside.scheme)))
}

fn cookie(token: &str, scheme: Scheme) -> String {
    let secure = if scheme == Scheme::Https { "; Secure" } else { "" };
    format!("{COOKIE_NAME}={token}; Path=/console; HttpOnly; SameSite=Strict{secure}")
}

fn redirect_with(cookie: &str) -> Response {
    let mut response = Redirect::to("/console").into_response();
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(SET_COOKIE, value);
    }
    response
}
