//! What a whole `cases().open()` costs (judge, take a number, sign, commit), beside signing alone and a commit alone.
//!
//! The platform is stopped before anything is measured, so that delivery takes no part: that is also the case for which
//! `open` is made.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use tongqiao::{CaseDraft, Client, ItemQuery, SoftwareSigner, enrol};
use tongqiao_protocol::{Signer as _, Suite};
use tongqiao_reference_platform::Platform;
use tongqiao_store::Store as _;

use crate::store::{RECORD_BYTES, load::Trouble, median, ours::Ours};

#[derive(Args)]
pub(crate) struct Options {
    /// Cases opened one after the other, for each suite; and as many again by concurrent tasks.
    #[arg(long, default_value_t = 150)]
    cases: usize,
    /// Concurrent tasks.
    #[arg(long, default_value_t = 64)]
    tasks: usize,
    /// Where the files are made; must be a real disk.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target"))]
    directory: PathBuf,
}

pub(crate) fn run(options: &Options) -> ExitCode {
    let measured = tokio::runtime::Runtime::new().map_err(Box::from).and_then(|runtime| {
        println!("{:<16}{:>10}{:>10}{:>10}{:>20}", "suite", "open µs", "sign µs", "commit µs", "opened/s, tasks");
        [Suite::International, Suite::ShangMi]
            .into_iter()
            .try_for_each(|suite| runtime.block_on(measure(options, suite)))
    });
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("open: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(options: &Options, suite: Suite) -> Result<(), Trouble> {
    std::fs::create_dir_all(&options.directory)?;
    let directory = tempfile::Builder::new().prefix("bench-open-").tempdir_in(&options.directory)?;
    let running = Platform::builder().database(directory.path().join("platform.db")).sandbox().start().await?;
    let code = running.enrolment_code(None, &["340000000000"]).await?;
    let endpoint = format!("http://{}", running.address());
    let credentials = enrol(&endpoint, "bench-department", &code)?.suite(suite).run().await?;
    let store = directory.path().join("department.db");
    let client = Client::builder(&endpoint, credentials).store(store).numbers_in_stock(1_000).build().await?;
    let items = client.items().find(&ItemQuery::text("file certificate")).await?;
    let draft = CaseDraft::for_item(items.first().ok_or("the catalogue has no such item")?)
        .person("测试用户", "340705199001010016")
        .field("contact-phone", "13800000000")
        .field("reason", "办理入职手续")
        .material("id-card", "居民身份证");
    client.cases().open(&draft).await?.settled().await?;
    running.shutdown().await;

    let ours = Ours::open(&directory.path().join("commits.db"))?;
    let signer = SoftwareSigner::generate(suite, "bench/1".parse()?)?;
    let (mut opens, mut signs, mut commits) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.cases {
        let began = Instant::now();
        client.cases().open(&draft).await?;
        opens.push(micros(began));
        let mut random = [0; 32];
        getrandom::fill(&mut random)?;
        let began = Instant::now();
        signer.sign(&[b'x'; RECORD_BYTES], &random)?;
        signs.push(micros(began));
        let change = ours.next_change();
        let began = Instant::now();
        ours.store().commit(vec![change])?;
        commits.push(micros(began));
    }
    let began = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    let each = options.cases.div_ceil(options.tasks);
    for _ in 0..options.tasks {
        let (client, draft) = (client.clone(), draft.clone());
        tasks.spawn(async move {
            for _ in 0..each {
                client.cases().open(&draft).await?;
            }
            Ok::<(), tongqiao::Error>(())
        });
    }
    while let Some(opened) = tasks.join_next().await {
        opened??;
    }
    let rate = (each * options.tasks) as f64 / began.elapsed().as_secs_f64();
    let (open, sign, commit) = (median(&mut opens), median(&mut signs), median(&mut commits));
    println!("{:<16}{open:>10.0}{sign:>10.0}{commit:>10.0}{rate:>20.0}", suite.as_str());
    Ok(())
}

fn micros(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e6
}
