//! A node as a process, for tests that kill one. `node-process DATA LISTEN HUB` prints its address and serves until it dies.

use std::io::Write as _;
use std::process::ExitCode;

use tongqiao_edge::NodeSettings;
use tongqiao_edge::node::Node;

#[tokio::main]
async fn main() -> ExitCode {
    tongqiao_integration::logging::log_everything();
    let arguments: Vec<String> = std::env::args().collect();
    let [_, data, listen, hub] = arguments.as_slice() else {
        eprintln!("usage: node-process DATA LISTEN HUB");
        return ExitCode::from(2);
    };
    let Ok(listen) = listen.parse() else {
        eprintln!("{listen} is no address");
        return ExitCode::from(2);
    };
    let link = tongqiao_edge::LinkChoice::Http2;
    let settings = NodeSettings { data: data.into(), listen, hub: hub.clone(), link, ..NodeSettings::default() };
    match Node::start(&settings).await {
        Ok(node) => {
            println!("{}", node.address());
            drop(std::io::stdout().flush());
            std::future::pending::<()>().await;
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
