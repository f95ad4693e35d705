//! How do I hear what the city has for me, and at once?
//!
//! `cargo run -p tongqiao-examples --bin inbox-and-webhooks -- <platform> <one-time code> <folder>`

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::routing::post;
use clap::Parser;
use tongqiao::protocol::case::OpenValue;
use tongqiao::protocol::inbox::InboxKind;
use tongqiao::{Client, WebhookRequest};
use tongqiao_examples::{Arguments, ended};

#[tokio::main]
async fn main() -> std::process::ExitCode {
    ended(inbox_and_webhooks(&Arguments::parse()).await)
}

async fn inbox_and_webhooks(arguments: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let client = arguments.join("social-security").await?;
    serve(client.clone()).await?;
    take_one(&client).await?;
    let status = client.inbox().webhook().await?;
    println!("回调 webhook: {} failures, heard {}", status.failures, status.last_success.is_some());
    client.inbox().remove_webhook().await?;
    client.close().await;
    Ok(())
}

/// Any HTTP server will do; the platform is told where it is.
async fn serve(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}/tongqiao/inbox", listener.local_addr()?);
    let routes = Router::new().route("/tongqiao/inbox", post(brought)).with_state(client.clone());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    client.inbox().set_webhook(&address).await?; // https everywhere but in a sandbox
    Ok(())
}

/// Hands over what came, and answers what the library says: 204 only when it is on disk.
async fn brought(
    State(client): State<Client>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let text: Vec<_> = headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect();
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let request = WebhookRequest { method: method.as_str(), target, headers: &text, body: &body };
    let reply = client.inbox().receive(request).await;
    StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The same whether it was brought or asked for: shown to one caller, until it is acknowledged, and then never again.
async fn take_one(client: &Client) -> Result<(), tongqiao::Error> {
    let entry = client.inbox().next().await?;
    match &entry.kind {
        OpenValue::Known(InboxKind::OperatorNotice) => println!("通知 notice: {}", entry.data["zh"]),
        OpenValue::Known(InboxKind::CaseDispatched) => println!("分发 a case to take over: {}", entry.subject),
        other => println!("{other:?} {}", entry.subject),
    }
    // … store what it means, in your own database …
    client.inbox().acknowledge(entry.id).await?;
    println!("已确认 acknowledged, {} open", client.inbox().open().await?.len());
    Ok(())
}
