//! redis-server with `appendfsync always`, spoken to by hand over a Unix socket.

use std::error::Error;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::RECORD_BYTES;

pub(crate) struct Redis {
    server: Child,
    socket: PathBuf,
}

struct Client {
    stream: BufReader<UnixStream>,
    command: Vec<u8>,
    answer: String,
}

impl Client {
    fn connect(socket: &Path) -> io::Result<Self> {
        let stream = BufReader::new(UnixStream::connect(socket)?);
        let mut command = format!("*3\r\n$5\r\nRPUSH\r\n$6\r\noutbox\r\n${RECORD_BYTES}\r\n").into_bytes();
        command.extend_from_slice(&[b'x'; RECORD_BYTES]);
        command.extend_from_slice(b"\r\n");
        Ok(Self { stream, command, answer: String::new() })
    }

    /// Appends one record and waits for the answer.
    fn push(&mut self) -> io::Result<()> {
        self.stream.get_mut().write_all(&self.command)?;
        self.answer.clear();
        self.stream.read_line(&mut self.answer)?;
        if self.answer.starts_with(':') { Ok(()) } else { Err(io::Error::other(self.answer.clone())) }
    }
}

impl Redis {
    /// Starts a server in `directory`; `None` when it is not installed.
    pub(crate) fn start(directory: &Path) -> Result<Option<Self>, Box<dyn Error>> {
        let socket = directory.join("redis.sock");
        let server = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "yes", "--appendfsync", "always"])
            .args(["--auto-aof-rewrite-percentage", "0", "--maxclients", "200"])
            .arg("--dir")
            .arg(directory)
            .arg("--unixsocket")
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn();
        let server = match server {
            Ok(server) => server,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let redis = Self { server, socket };
        let began = Instant::now();
        while Client::connect(&redis.socket).is_err() {
            if began.elapsed() > Duration::from_secs(10) {
                return Err("redis-server does not answer".into());
            }
            thread::yield_now();
        }
        Ok(Some(redis))
    }

    pub(crate) fn records_per_second(&self, clients: usize, time: Duration) -> Result<f64, Box<dyn Error>> {
        let (stop, records) = (AtomicBool::new(false), AtomicU64::new(0));
        let began = Instant::now();
        thread::scope(|scope| {
            let pushing: Vec<_> = (0..clients)
                .map(|_| {
                    scope.spawn(|| -> io::Result<()> {
                        let mut client = Client::connect(&self.socket)?;
                        while !stop.load(Ordering::Relaxed) {
                            client.push()?;
                            records.fetch_add(1, Ordering::Relaxed);
                            if began.elapsed() >= time {
                                stop.store(true, Ordering::Relaxed);
                            }
                        }
                        Ok(())
                    })
                })
                .collect();
            pushing
                .into_iter()
                .try_for_each(|client| client.join().map_err(|_| io::Error::other("a client panicked"))?)
        })?;
        Ok(records.into_inner() as f64 / began.elapsed().as_secs_f64())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        if let Err(error) = self.server.kill().and_then(|()| self.server.wait()) {
            eprintln!("redis-server could not be stopped: {error}");
        }
    }
}
