//! A stream that is written no faster than the line may be taken.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::Shaper;

/// What is written at once where there is a limit: a segment.
const SEGMENT_BYTES: usize = 1_200;
/// What IPv4 and TCP put around it.
const HEADER_BYTES: usize = 52;

/// A stream behind a shaper.
pub(super) struct Throttled<S> {
    inner: S,
    shaper: Arc<Shaper>,
    sleep: Pin<Box<Sleep>>,
}

impl<S> Throttled<S> {
    pub(super) fn new(inner: S, shaper: Arc<Shaper>) -> Self {
        Self { inner, shaper, sleep: Box::pin(tokio::time::sleep(Duration::ZERO)) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Throttled<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Throttled<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        while let Some(free_at) = self.shaper.wait_until(Instant::now()) {
            self.sleep.as_mut().reset(free_at.into());
            ready!(Future::poll(self.sleep.as_mut(), cx));
        }
        let most = if self.shaper.bytes_per_second().is_some() { SEGMENT_BYTES } else { buf.len() };
        let written = ready!(Pin::new(&mut self.inner).poll_write(cx, &buf[..buf.len().min(most)]))?;
        self.shaper.spend(Instant::now(), written + HEADER_BYTES);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn what_is_written_comes_out_whole_and_not_before_its_time() {
        let shaper = Arc::new(Shaper::new(Instant::now()));
        shaper.limit(Some(100_000));
        let (near, mut far) = tokio::io::duplex(1 << 20);
        let mut stream = Throttled::new(near, shaper);
        let sent = vec![7; 24_000];
        let began = Instant::now();
        stream.write_all(&sent).await.unwrap();
        stream.shutdown().await.unwrap();
        let took = began.elapsed();
        let mut received = Vec::new();
        far.read_to_end(&mut received).await.unwrap();
        assert!(received == sent);
        // Twenty segments with their headers, of which the last need not be waited for.
        assert!(took >= Duration::from_millis(220), "{took:?}");
    }
}
