//! How do people sign in: at a browser, at a terminal, and out again?
//!
//! `cargo run -p tongqiao-examples --bin sign-in -- <platform> <one-time code> <folder> begin`

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Parser, Subcommand};
use tongqiao::{
    AssuranceFloor, Client, Credentials, DeviceSignIn, Error, IdentityProvider, Secret, SignIn, SignedIn, Subject,
};

/// Signs people in at the platform's provider, one step a call.
#[derive(Parser)]
struct Arguments {
    /// Where the platform is, and its provider of identities.
    platform: String,
    /// The one-time code that its operator gave out.
    code: String,
    /// Where credentials, the outbox and what is under way are kept.
    folder: PathBuf,
    /// The step.
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand)]
enum Step {
    /// Gives the address for the browser.
    Begin,
    /// Takes the address to which the browser came back.
    Finish {
        /// Whole, as the browser shows it.
        callback: String,
    },
    /// Signs somebody in at a terminal.
    Device,
    /// Takes a logout token, as a web server would.
    Hear {
        /// What the provider posted as `logout_token`.
        logout_token: String,
    },
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    match sign_in(&Arguments::parse()).await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            tongqiao_examples::tell(&error);
            std::process::ExitCode::FAILURE
        }
    }
}

async fn sign_in(Arguments { platform, code, folder, step }: &Arguments) -> Result<(), Error> {
    tongqiao_examples::join(platform, "civil-affairs", code, folder).await?.close().await;
    let credentials = Credentials::from_file(folder.join("credentials.json"))?;
    let client = client(platform, credentials, folder).await?;
    match step {
        Step::Begin => begin(&client, folder).await?,
        Step::Finish { callback } => {
            let signed_in = finish(&client, folder, callback).await?;
            welcome(&client, &signed_in).await?;
            leave(&client, &signed_in).await?;
        }
        Step::Device => {
            let sign_in = client.identity().device_sign_in().await?;
            show(&sign_in, folder);
            let signed_in = wait(&sign_in).await?;
            describe(signed_in.subject());
        }
        Step::Hear { logout_token } => {
            hear(&client, logout_token, |handle| println!("结束会话 ends: {handle}")).await?
        }
    }
    client.close().await;
    Ok(())
}

/// The provider stands in the builder: issuer, our id there, and where browsers come back.
async fn client(platform: &str, credentials: Credentials, folder: &Path) -> Result<Client, Error> {
    let provider = IdentityProvider::new(platform, "tongqiao-sandbox", "http://127.0.0.1/callback")?.scope("profile");
    Client::builder(platform, credentials).store(folder.join("outbox.sqlite")).identity(provider).build().await
}

/// Send the browser to the address; what is sealed belongs into the person's session on the server.
async fn begin(client: &Client, folder: &Path) -> Result<(), Error> {
    let sign_in = client.identity().begin().await?;
    keep(&folder.join("session"), sign_in.seal().expose());
    println!("{}", sign_in.address());
    Ok(())
}

/// The browser came back, perhaps to another process.
async fn finish(client: &Client, folder: &Path, callback: &str) -> Result<SignedIn, Error> {
    let sealed = Secret::new(std::fs::read(folder.join("session")).unwrap_or_default());
    client.identity().finish(SignIn::open(&sealed)?, callback).await
}

/// Sure enough, an account of our own, and a session that the provider can end.
async fn welcome(client: &Client, signed_in: &SignedIn) -> Result<(), Error> {
    let identity = client.identity();
    let floor = AssuranceFloor::of("natural-person", "3").or("legal-person", "2");
    identity.require(signed_in.assurance(), &floor)?;

    describe(signed_in.subject());
    let account = match identity.bindings().account_of(signed_in.subject()).await? {
        Some(known) => known,
        None => identity.bindings().bind("account-17", signed_in.subject()).await?,
    };
    println!("账号 account: {}", account.account());

    let eight_hours = Duration::from_secs(8 * 3_600);
    identity.sessions().open("cookie-of-this-browser", signed_in.verified(), eight_hours).await
}

/// The person leaves here: first our own session, then the provider's.
async fn leave(client: &Client, signed_in: &SignedIn) -> Result<(), Error> {
    client.identity().sessions().close("cookie-of-this-browser").await?;
    let sign_out = client.identity().sign_out(signed_in.id_token(), Some("http://127.0.0.1/")).await?;
    println!("退出 sign-out: {}", sign_out.address().split('?').next().unwrap_or_default());
    Ok(())
}

/// The person left elsewhere: your web framework calls this with the field `logout_token` of the form, and answers 200.
async fn hear(client: &Client, logout_token: &str, end: impl Fn(&str)) -> Result<(), Error> {
    let logout = client.identity().back_channel_logout(logout_token).await?;
    logout.handles().iter().for_each(|handle| end(handle)); // yours to end; the same token again gives the same handles
    Ok(())
}

/// A terminal in the hall shows a code, and the person types it on his own phone.
fn show(sign_in: &DeviceSignIn, folder: &Path) {
    println!("终端显示 shown: {} {}", sign_in.verification_address(), sign_in.user_code());
    keep(&folder.join("user-code"), sign_in.user_code().as_bytes());
}

/// Asks as often as the provider allows. Drop the future to give up.
async fn wait(sign_in: &DeviceSignIn) -> Result<SignedIn, Error> {
    sign_in.wait().await
}

/// An agent whose end date has passed never comes so far; during a long session, ask again before anything is handed in.
fn describe(subject: &Subject) {
    println!("登录者 signed in: {} {:?}", subject.id(), subject.kind());
    if let Some(mandate) = subject.mandate() {
        println!("代办 acts for: {} 至 until {}", mandate.principal().name().unwrap_or("-"), mandate.until());
    }
}

fn keep(file: &Path, bytes: &[u8]) {
    if let Err(error) = std::fs::write(file, bytes) {
        eprintln!("{}: {error}", file.display());
    }
}
