//! redis-server with `appendfsync always`, spoken to by hand over a Unix socket.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _};

use super::RECORD_BYTES;
use super::load::{Acts, Load, Tasks, Trouble, Until, drive};

pub(crate) struct Redis {
    server: Child,
    socket: PathBuf,
}

struct Client {
    stream: BufReader<UnixStream>,
    command: Vec<u8>,
    answer: String,
}

/// The same on a socket that does not block, in a task.
struct Task {
    stream: tokio::io::BufReader<tokio::net::UnixStream>,
    command: Vec<u8>,
    answer: String,
}

fn command() -> Vec<u8> {
    let mut command = format!("*3\r\n$5\r\nRPUSH\r\n$6\r\noutbox\r\n${RECORD_BYTES}\r\n").into_bytes();
    command.extend_from_slice(&[b'x'; RECORD_BYTES]);
    command.extend_from_slice(b"\r\n");
    command
}

fn is_number(answer: &str) -> io::Result<()> {
    if answer.starts_with(':') { Ok(()) } else { Err(io::Error::other(answer.to_owned())) }
}

impl Task {
    /// Inside a runtime.
    fn connect(socket: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(socket)?;
        stream.set_nonblocking(true)?;
        let stream = tokio::io::BufReader::new(tokio::net::UnixStream::from_std(stream)?);
        Ok(Self { stream, command: command(), answer: String::new() })
    }
}

impl Acts for Task {
    async fn act(&mut self) -> Result<(), Trouble> {
        self.stream.get_mut().write_all(&self.command).await?;
        self.answer.clear();
        self.stream.read_line(&mut self.answer).await?;
        Ok(is_number(&self.answer)?)
    }
}

impl Client {
    fn connect(socket: &Path) -> io::Result<Self> {
        let stream = BufReader::new(UnixStream::connect(socket)?);
        Ok(Self { stream, command: command(), answer: String::new() })
    }

    /// Appends one record and waits for the answer.
    fn push(&mut self) -> io::Result<()> {
        self.stream.get_mut().write_all(&self.command)?;
        self.answer.clear();
        self.stream.read_line(&mut self.answer)?;
        is_number(&self.answer)
    }
}

impl Redis {
    /// Starts a server in `directory`; `None` when it is not installed.
    pub(crate) fn start(directory: &Path) -> Result<Option<Self>, Trouble> {
        Self::start_by(Command::new("redis-server"), directory)
    }

    /// The same with a command that is given the server's arguments, such as strace.
    pub(crate) fn start_by(mut command: Command, directory: &Path) -> Result<Option<Self>, Trouble> {
        let socket = directory.join("redis.sock");
        let server = command
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

    /// Clients that are tasks.
    pub(crate) fn push_from_tasks(&self, tasks: &Tasks, clients: usize, until: Until) -> Result<Load, Trouble> {
        tasks.drive(clients, until, || Ok(Task::connect(&self.socket)?))
    }

    /// Clients that are threads.
    pub(crate) fn push(&self, clients: usize, until: Until) -> Result<Load, Trouble> {
        drive(clients, until, || {
            let mut client = Client::connect(&self.socket)?;
            Ok(move || Ok(client.push()?))
        })
    }

    /// Ends the server as its operator would, and waits for it.
    pub(crate) fn shut_down(mut self) -> Result<(), Trouble> {
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.write_all(b"*2\r\n$8\r\nSHUTDOWN\r\n$6\r\nNOSAVE\r\n")?;
        self.server.wait()?;
        Ok(())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        if let Err(error) = self.server.kill().and_then(|()| self.server.wait()) {
            eprintln!("redis-server could not be stopped: {error}");
        }
    }
}
