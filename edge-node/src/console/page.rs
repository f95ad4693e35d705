//! The frame of every page, and what every answer bears.

use axum::response::{IntoResponse as _, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use maud::{DOCTYPE, Markup, html};
use tongqiao::Error;

use super::accounts::Role;
use super::posted::CSRF;
use super::visitor::Visitor;
use super::words::Words;

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";

/// Where in the console one is; the entry of the menu that is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Today,
    Items,
    Attention,
    Corrections,
    Deadlines,
    Waiting,
    Link,
    Handover,
    Health,
}

/// Path, key of the keyboard with Alt, words, who sees it.
const MENU: [(Place, &str, &str, &str, &str, Role); 9] = [
    (Place::Today, "/console", "1", "今日办件", "Today", Role::Clerk),
    (Place::Items, "/console/items", "2", "新申请", "New application", Role::Clerk),
    (Place::Attention, "/console/attention", "3", "待处理", "To mend", Role::Clerk),
    (Place::Corrections, "/console/corrections", "4", "补正", "Corrections", Role::Clerk),
    (Place::Deadlines, "/console/deadlines", "5", "期限", "Deadlines", Role::Clerk),
    (Place::Waiting, "/console/waiting", "6", "待传", "Waiting", Role::Clerk),
    (Place::Link, "/console/link", "7", "链路", "Link", Role::Clerk),
    (Place::Handover, "/console/handover", "8", "交接班", "Handover", Role::Clerk),
    (Place::Health, "/console/health", "9", "设备状况", "Health", Role::Administrator),
];

/// A page of somebody who is signed in.
pub(super) fn page(visitor: &Visitor, place: Place, title: &str, body: &Markup) -> Response {
    answer(StatusCode::OK, &framed(visitor, Some(place), title, body))
}

/// The same with another status than 200.
pub(super) fn page_with(visitor: &Visitor, status: StatusCode, place: Place, title: &str, body: &Markup) -> Response {
    answer(status, &framed(visitor, Some(place), title, body))
}

/// A page that says why something was not done.
pub(super) fn refusal(visitor: &Visitor, status: StatusCode, text: &str) -> Response {
    let title = visitor.words.say("未能完成", "Not done");
    let body = html! {
        h1 { (title) }
        p.notice.bad role="alert" { (text) }
        p { a href="/console" { (visitor.words.say("返回今日办件", "Back to today")) } }
    };
    answer(status, &framed(visitor, None, title, &body))
}

/// What the library said, in the reader's language.
pub(super) fn failure(visitor: &Visitor, error: &Error) -> Response {
    tracing::warn!(code = error.code().code(), "a page of the console could not be made");
    refusal(visitor, StatusCode::CONFLICT, &error.message(visitor.words.0))
}

/// The disk did not do it; nothing was accepted.
pub(super) fn disk_failure(visitor: &Visitor, error: &std::io::Error) -> Response {
    tracing::error!(%error, "the console's files");
    let text = visitor.words.say(
        "本机磁盘未能写入，没有提交任何内容。请联系管理员。",
        "The disk of this machine did not take it; nothing was handed in. Tell your administrator.",
    );
    refusal(visitor, StatusCode::INTERNAL_SERVER_ERROR, text)
}

/// For whoever is not signed in.
pub(super) fn bare_refusal(words: Words, status: StatusCode) -> Response {
    let text = words.say("请求无法处理，请返回登录页。", "This request cannot be served; go back to sign in.");
    bare(
        words,
        status,
        text,
        &html! { p.notice.bad role="alert" { (text) } a href="/console/sign-in" { (words.say("登录", "Sign in")) } },
    )
}

/// A page without menu.
pub(super) fn bare(words: Words, status: StatusCode, title: &str, body: &Markup) -> Response {
    answer(status, &document(words, title, &html! { main.narrow { (body) } }))
}

/// A page for the printer.
pub(super) fn sheet(words: Words, title: &str, body: &Markup) -> Response {
    answer(StatusCode::OK, &document(words, title, &html! { main.sheet { (body) } }))
}

/// The hidden field that only our own pages know.
pub(super) fn csrf(visitor: &Visitor) -> Markup {
    html! { input type="hidden" name=(CSRF) value=(visitor.session.csrf); }
}

fn framed(visitor: &Visitor, place: Option<Place>, title: &str, body: &Markup) -> Markup {
    let words = visitor.words;
    let menu = MENU.iter().filter(|entry| entry.5 == Role::Clerk || visitor.session.role == entry.5);
    document(
        words,
        title,
        &html! {
            a.skip href="#content" { (words.say("跳到内容", "Skip to content")) }
            header.bar {
                span.brand { (words.say("铜桥 · 窗口", "Tongqiao counter")) }
                nav aria-label=(words.say("主菜单", "Main menu")) {
                    @for (at, path, key, chinese, english, _) in menu {
                        a href=(path) accesskey=(key) title=(format!("Alt+{key}")) aria-current=[(place == Some(*at)).then_some("page")] {
                            (words.say(chinese, english))
                        }
                    }
                }
                form.who method="post" action="/console/sign-out" {
                    (csrf(visitor))
                    span { (visitor.session.shown) }
                    button.plain type="submit" { (words.say("退出", "Sign out")) }
                }
            }
            main #content tabindex="-1" { (body) }
        },
    )
}

fn document(words: Words, title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(words.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · " (words.say("铜桥窗口", "Tongqiao counter")) }
                link rel="stylesheet" href="/console/assets/console.css";
                link rel="icon" href="/console/assets/icon.svg";
                script src="/console/assets/console.js" defer {}
            }
            body { (body) }
        }
    }
}

fn answer(status: StatusCode, markup: &Markup) -> Response {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-store"),
        // With `no-referrer` a browser would hide the origin of our own forms from us, too.
        (REFERRER_POLICY, "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    (status, headers, markup.0.clone()).into_response()
}
