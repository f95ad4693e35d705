//! A form that somebody of ours sent: signed in, from one of our own pages, within bounds.

use axum::extract::{FromRequest, FromRequestParts as _, Multipart, Request};
use axum::response::Response;
use http::header::{CONTENT_TYPE, HOST, ORIGIN};
use http::{HeaderMap, StatusCode};
use sha2::{Digest as _, Sha256};

use super::Console;
use super::fields::Fields;
use super::page;
use super::visitor::Visitor;
use super::words::Words;

/// The field of the token that only our own pages know.
pub(super) const CSRF: &str = "csrf";
/// A form without files.
const FORM_BYTES_MOST: usize = 256 * 1024;
/// A form with files; axum's own limit is lifted to it for the routes that take them.
pub(super) const UPLOAD_BYTES_MOST: usize = 64 * 1024 * 1024;
const FIELDS_MOST: usize = 1_000;

/// A file that came with a form.
pub(super) struct Upload {
    pub(super) field: String,
    pub(super) name: String,
    pub(super) media_type: String,
    pub(super) bytes: Vec<u8>,
}

/// A form with whoever sent it.
pub(super) struct Posted {
    pub(super) visitor: Visitor,
    pub(super) fields: Fields,
    pub(super) files: Vec<Upload>,
}

impl FromRequest<Console> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, console: &Console) -> Result<Self, Self::Rejection> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, console).await?;
        let is_upload = text(&parts.headers, CONTENT_TYPE).is_some_and(|kind| kind.starts_with("multipart/form-data"));
        let is_ours = is_same_origin(&parts.headers);
        let request = Request::from_parts(parts, body);
        let read = if is_upload { read_upload(request, console).await } else { read_form(request).await };
        let Some((fields, files)) = read else {
            let text = visitor.words.say(
                "表单内容无法读取，或文件超过 64 MiB。没有提交任何内容。",
                "The form cannot be read, or its files are larger than 64 MiB. Nothing was handed in.",
            );
            return Err(page::refusal(&visitor, StatusCode::BAD_REQUEST, text));
        };
        if !is_ours || !is_same(fields.get(CSRF), &visitor.session.csrf) {
            let text = visitor.words.say(
                "此表单不是从本页面提交的，或登录已更换。没有提交任何内容，请返回重新填写。",
                "This form did not come from this console, or you have signed in anew. Nothing was handed in.",
            );
            return Err(page::refusal(&visitor, StatusCode::FORBIDDEN, text));
        }
        Ok(Self { visitor, fields, files })
    }
}

/// A form of somebody who is not signed in yet: only its origin can be asked about.
pub(super) struct Unknown {
    pub(super) words: Words,
    pub(super) fields: Fields,
}

impl FromRequest<Console> for Unknown {
    type Rejection = Response;

    async fn from_request(request: Request, _: &Console) -> Result<Self, Self::Rejection> {
        let words = Words::of(request.headers());
        let is_ours = is_same_origin(request.headers());
        match read_form(request).await {
            Some((fields, _)) if is_ours => Ok(Self { words, fields }),
            _ => Err(page::bare_refusal(words, StatusCode::BAD_REQUEST)),
        }
    }
}

type Read = Option<(Fields, Vec<Upload>)>;

async fn read_form(request: Request) -> Read {
    let body = axum::body::to_bytes(request.into_body(), FORM_BYTES_MOST).await.ok()?;
    let pairs = url::form_urlencoded::parse(&body).into_owned().take(FIELDS_MOST + 1).collect::<Vec<_>>();
    (pairs.len() <= FIELDS_MOST).then(|| (pairs.into_iter().collect(), Vec::new()))
}

async fn read_upload(request: Request, console: &Console) -> Read {
    let mut parts = Multipart::from_request(request, console).await.ok()?;
    let (mut fields, mut files, mut count) = (Fields::default(), Vec::new(), 0);
    while let Some(part) = parts.next_field().await.ok()? {
        count += 1;
        let name = part.name()?.to_owned();
        let file = part.file_name().map(str::to_owned);
        let media_type = part.content_type().unwrap_or("application/octet-stream").to_owned();
        let bytes = part.bytes().await.ok()?.to_vec();
        match file {
            // A field for a file that was left empty.
            Some(file) if file.is_empty() || bytes.is_empty() => {}
            Some(file) => files.push(Upload { field: name, name: file, media_type, bytes }),
            None => fields.push(name, String::from_utf8(bytes).ok()?),
        }
        if count > FIELDS_MOST {
            return None;
        }
    }
    Some((fields, files))
}

/// Browsers say where a form comes from; what says nothing is no browser, and has no cookie of one.
fn is_same_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = text(headers, ORIGIN) else { return true };
    let host = text(headers, HOST).unwrap_or_default();
    origin.split_once("://").is_some_and(|(_, authority)| authority == host)
}

fn text(headers: &HeaderMap, name: http::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Hashes are compared, so that the time tells nothing.
fn is_same(one: &str, other: &str) -> bool {
    Sha256::digest(one.as_bytes()) == Sha256::digest(other.as_bytes())
}
