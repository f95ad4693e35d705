//! One contestant on one link.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex as AsyncMutex, Notify};
use tongqiao_edge::{BareLink, LinkChoice, Measures, NodeSettings};
use tongqiao_link_lab::{Lab, Profile};

use super::corpus::{ATTACHMENT_BYTES, Corpus};
use super::far::{self, HTTPS_PORT, HUB_PORT};
use super::sender::{Kind, Message, Sender};
use crate::store::load::Trouble;

/// Records of one request of ours.
const BATCH: usize = 25;
/// What ours cuts files into.
const CHUNK_BYTES: usize = 32 * 1024;

/// Who races.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Way {
    NaiveHttp1,
    PlainHttp2,
    FramesOverHttp2,
    FramesOverQuic(Measures),
}

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    /// Records, files, and payments all the while.
    Everything,
    /// The records alone.
    Records,
}

/// What came of it.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// Until everything was answered, or the time was up.
    pub(crate) took: Duration,
    /// Messages that were not answered in time.
    pub(crate) left: usize,
    /// When the last record was answered.
    pub(crate) records_took: Duration,
    pub(crate) up_bytes: u64,
    pub(crate) down_bytes: u64,
    /// What the caller had to send: records and files.
    pub(crate) payload_bytes: u64,
    /// Seconds, sorted.
    pub(crate) payments: Vec<f64>,
    pub(crate) retries: u64,
    /// Why something was sent again, the last time.
    pub(crate) last_error: String,
}

pub(crate) struct Race {
    pub(crate) way: Way,
    pub(crate) load: Load,
    pub(crate) profile: Profile,
    pub(crate) payment_every: Duration,
    pub(crate) most: Duration,
    pub(crate) seed: u64,
}

struct Queue {
    waiting: Mutex<BinaryHeap<Reverse<(Kind, usize)>>>,
    messages: Vec<Message>,
    open: Mutex<usize>,
    done: Notify,
    records_open: Mutex<(usize, Option<Instant>)>,
    retries: Mutex<u64>,
    last_error: Mutex<String>,
}

impl Race {
    /// Runs it; blocks the thread.
    pub(crate) fn run(self, corpus: &Arc<Corpus>, folder: &Path) -> Result<Outcome, Trouble> {
        let lab = Lab::lay(self.profile.clone(), self.seed)?;
        let (address, far_corpus) = (lab.far.address(), Arc::clone(corpus));
        let (started, ready) = std::sync::mpsc::sync_channel(1);
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving = lab.far.run(move || -> Result<(), Trouble> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let hub = far::serve(address, far_corpus).await;
                started.send(hub.as_ref().map(drop).map_err(ToString::to_string))?;
                let hub = hub?;
                drop(stopped.await);
                drop(hub);
                Ok(())
            })
        })?;
        ready.recv()?.map_err(Trouble::from)?;
        let data = folder.join(format!("node-{}", self.seed));
        copy_folder(&corpus.node, &data)?;
        let near_corpus = Arc::clone(corpus);
        let near = lab.near.run(move || -> Result<Outcome, Trouble> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(self.near(&near_corpus, address, data))
        })?;
        let outcome = near.join().map_err(|_| "the near end panicked")??;
        drop(stop);
        drop(serving.join());
        let [up, down] = lab.counters();
        Ok(Outcome { up_bytes: up.offered_bytes, down_bytes: down.offered_bytes, ..outcome? })
    }

    async fn near(
        self,
        corpus: &Corpus,
        far: std::net::Ipv4Addr,
        data: std::path::PathBuf,
    ) -> Result<Outcome, Trouble> {
        let https = (far, HTTPS_PORT).into();
        let ours = |link, measures| async move {
            let settings = NodeSettings {
                data,
                hub: format!("{far}:{HUB_PORT}"),
                link,
                link_kbit: u32::try_from(self.profile.bits_per_second / 1_000)?,
                ..NodeSettings::default()
            };
            Ok::<_, Trouble>(BareLink::open(&settings, measures).await?)
        };
        let (sender, link, workers) = match self.way {
            Way::NaiveHttp1 => (Sender::Http1 { address: https, open: AsyncMutex::new(None) }, None, 1),
            Way::PlainHttp2 => (Sender::Http2 { address: https, open: AsyncMutex::new(None) }, None, 32),
            Way::FramesOverHttp2 => {
                let link = ours(LinkChoice::Http2, Measures::default()).await?;
                (Sender::Frames(link.uplink()), Some(link), 32)
            }
            Way::FramesOverQuic(measures) => {
                let link = ours(LinkChoice::Quic, measures).await?;
                (Sender::Frames(link.uplink()), Some(link), 32)
            }
        };
        let is_ours = link.is_some();
        let messages = messages(corpus, is_ours, self.load);
        let payload_bytes = messages.iter().map(|message| message.body.len() as u64).sum();
        let records = messages.iter().filter(|message| message.kind == Kind::Records).count();
        let waiting = messages.iter().enumerate().map(|(place, message)| Reverse((message.kind, place))).collect();
        let queue = Arc::new(Queue {
            waiting: Mutex::new(waiting),
            open: Mutex::new(messages.len()),
            messages,
            done: Notify::new(),
            records_open: Mutex::new((records, None)),
            retries: Mutex::new(0),
            last_error: Mutex::default(),
        });
        let sender = Arc::new(sender);
        let began = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..workers {
            tasks.spawn(work(Arc::clone(&queue), Arc::clone(&sender)));
        }
        let latencies = Arc::new(Mutex::new(Vec::new()));
        let bill = Message { target: "/v1/bills", body: corpus.bill.clone(), kind: Kind::Payment };
        // Amid bulk, and not before the line was dialled.
        let first = tokio::time::Instant::now() + self.payment_every;
        let mut ticks = tokio::time::interval_at(first, self.payment_every);
        let until = tokio::time::sleep(self.most);
        tokio::pin!(until);
        loop {
            tokio::select! {
                _ = queue.done.notified() => break,
                _ = &mut until => break,
                _ = ticks.tick(), if self.load == Load::Everything => {
                    let (sender, bill, latencies) = (Arc::clone(&sender), bill.clone(), Arc::clone(&latencies));
                    tasks.spawn(async move {
                        let began = Instant::now();
                        while sender.send(&bill).await.is_err() {
                            tokio::time::sleep(Duration::from_millis(100)).await;
                        }
                        latencies.lock().unwrap_or_else(PoisonError::into_inner).push(began.elapsed().as_secs_f64());
                    });
                }
            }
        }
        let took = began.elapsed();
        tasks.shutdown().await;
        if let Some(link) = link {
            link.close().await;
        }
        let mut payments = std::mem::take(&mut *latencies.lock().unwrap_or_else(PoisonError::into_inner));
        payments.sort_by(f64::total_cmp);
        let left = *queue.open.lock().unwrap_or_else(PoisonError::into_inner);
        let records_done = queue.records_open.lock().unwrap_or_else(PoisonError::into_inner).1;
        let retries = *queue.retries.lock().unwrap_or_else(PoisonError::into_inner);
        let last_error = queue.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(Outcome {
            took,
            left,
            records_took: records_done.map_or(took, |at| at.duration_since(began)),
            up_bytes: 0,
            down_bytes: 0,
            payload_bytes,
            payments,
            retries,
            last_error,
        })
    }
}

/// Takes what is next until nothing is left.
async fn work(queue: Arc<Queue>, sender: Arc<Sender>) {
    loop {
        let next = queue.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let Some(Reverse((kind, place))) = next else { return };
        while let Err(error) = sender.send(&queue.messages[place]).await {
            *queue.last_error.lock().unwrap_or_else(PoisonError::into_inner) = error.to_string();
            *queue.retries.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        if kind == Kind::Records {
            let mut open = queue.records_open.lock().unwrap_or_else(PoisonError::into_inner);
            *open = (open.0 - 1, (open.0 == 1).then(Instant::now));
        }
        let mut open = queue.open.lock().unwrap_or_else(PoisonError::into_inner);
        *open -= 1;
        if *open == 0 {
            queue.done.notify_one();
        }
    }
}

/// The same content for everybody: others send records one by one and files whole, ours in batches and pieces.
fn messages(corpus: &Corpus, is_ours: bool, load: Load) -> Vec<Message> {
    let batch = if is_ours { BATCH } else { 1 };
    let records = corpus.records.chunks(batch).map(|records| Message {
        target: "/v1/case-events",
        body: format!("{{\"events\":[{}]}}", records.join(",")).into_bytes(),
        kind: Kind::Records,
    });
    let piece = if is_ours { CHUNK_BYTES } else { ATTACHMENT_BYTES };
    let attachments = if load == Load::Everything { corpus.attachments.as_slice() } else { &[] };
    let pieces = attachments.iter().flat_map(|attachment| attachment.chunks(piece)).map(|piece| Message {
        target: "/v1/materials/018f9f3a-7c00-7000-8000-000000000000/chunks",
        body: piece.to_vec(),
        kind: Kind::Attachment,
    });
    records.chain(pieces).collect()
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}
