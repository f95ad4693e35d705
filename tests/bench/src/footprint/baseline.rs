//! What it is compared with: an empty server of the same runtime, and signatures verified and nothing else.

use std::thread;
use std::time::{Duration, Instant};

use tongqiao::{SoftwareSigner, SoftwareVerifier};
use tongqiao_protocol::{Signer as _, Suite, Verifier as _};

use crate::store::RECORD_BYTES;
use crate::store::load::Trouble;

/// For how long signatures are verified.
const LONG: Duration = Duration::from_secs(1);

/// An empty server: says where it listens, and answers nobody.
pub(super) async fn listen() -> Result<(), Trouble> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("listening {}", listener.local_addr()?);
    loop {
        drop(listener.accept().await?);
    }
}

/// Signatures verified per second by all cores together.
pub(super) fn verifications(suite: Suite) -> Result<f64, Trouble> {
    let signer = SoftwareSigner::generate(suite, "bench/1".parse()?)?;
    let mut random = [0; 32];
    getrandom::fill(&mut random)?;
    let record = [b'x'; RECORD_BYTES];
    let signature = signer.sign(&record, &random)?;
    let key = signer.public_key().clone();
    let cores = thread::available_parallelism()?.get();
    let threads = (0..cores).map(|_| {
        let (key, signature) = (key.clone(), signature);
        thread::spawn(move || {
            let (began, mut count) = (Instant::now(), 0_u64);
            while began.elapsed() < LONG {
                if SoftwareVerifier.verify(&key, &record, &signature).is_err() {
                    return f64::NAN;
                }
                count += 1;
            }
            count as f64 / began.elapsed().as_secs_f64()
        })
    });
    let threads: Vec<_> = threads.collect();
    let mut all = 0.0;
    for thread in threads {
        all += thread.join().map_err(|_| "a thread ended abnormally")?;
    }
    if all.is_nan() { Err("a signature does not verify".into()) } else { Ok(all) }
}
