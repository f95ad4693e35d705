//! The plainest durable writes: 512 bytes, and wait for the disk.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

const BYTES: [u8; 512] = [0x5a; 512];
/// As long as a write-ahead log grows before it is used again from its start.
const WRITTEN_BYTES: u64 = 4_000 * 4_096;

pub(crate) struct Disk {
    growing: File,
    /// Never grows: like a write-ahead log that is used again, it costs the file system no new length.
    written: File,
    at: u64,
}

impl Disk {
    pub(crate) fn open(directory: &Path) -> io::Result<Self> {
        let mut written = File::create(directory.join("written"))?;
        for _ in 0..WRITTEN_BYTES / 4_096 {
            written.write_all(&[0; 4_096])?;
        }
        written.sync_all()?;
        Ok(Self { growing: File::create(directory.join("growing"))?, written, at: 0 })
    }

    pub(crate) fn append_and_wait(&mut self) -> io::Result<Duration> {
        let began = Instant::now();
        self.growing.write_all(&BYTES)?;
        self.growing.sync_data()?;
        Ok(began.elapsed())
    }

    pub(crate) fn overwrite_and_wait(&mut self) -> io::Result<Duration> {
        let began = Instant::now();
        self.written.write_all_at(&BYTES, self.at)?;
        self.written.sync_data()?;
        // The next page, so that no two writes meet in one block.
        self.at = (self.at + 4_096) % WRITTEN_BYTES;
        Ok(began.elapsed())
    }
}
