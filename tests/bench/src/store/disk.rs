//! The plainest durable write: append 512 bytes to a file and wait for the disk.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

pub(crate) struct Disk(File);

impl Disk {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        File::create(path).map(Self)
    }

    pub(crate) fn append_and_wait(&mut self) -> io::Result<Duration> {
        let began = Instant::now();
        self.0.write_all(&[0x5a; 512])?;
        self.0.sync_data()?;
        Ok(began.elapsed())
    }
}
