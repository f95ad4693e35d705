//! One end of the emulated link: a network namespace of its own, with one device in it.

use std::fs::File;
use std::io;
use std::net::Ipv4Addr;
use std::thread::JoinHandle;

use nix::sched::{CloneFlags, setns, unshare};
use tun_rs::{DeviceBuilder, SyncDevice};

use crate::loopback;

/// What a packet of these links is at most, as on most of the world's.
const MTU: u16 = 1_500;

/// A namespace or device cannot be made. It takes the right to administer networks.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {cause} (it takes the right CAP_NET_ADMIN)")]
pub struct PlaceError {
    doing: &'static str,
    cause: io::Error,
}

impl PlaceError {
    pub(crate) fn new(doing: &'static str) -> impl Fn(io::Error) -> Self {
        move |cause| Self { doing, cause }
    }
}

/// One end of the emulated link. What runs here sees nothing else of the world.
pub struct Place {
    namespace: File,
    address: Ipv4Addr,
}

impl Place {
    /// A new namespace with a device of the name `lab0`.
    pub(crate) fn open(address: Ipv4Addr) -> Result<(Self, SyncDevice), PlaceError> {
        let opening = std::thread::spawn(move || {
            unshare(CloneFlags::CLONE_NEWNET).map_err(|error| PlaceError::new("a namespace")(error.into()))?;
            let namespace = File::open("/proc/thread-self/ns/net").map_err(PlaceError::new("the namespace"))?;
            loopback::raise().map_err(|error| PlaceError::new("the loopback device")(error.into()))?;
            let device = DeviceBuilder::new().name("lab0").ipv4(address, 24_u8, None).mtu(MTU).build_sync();
            let device = device.map_err(PlaceError::new("the device"))?;
            device.set_nonblocking(true).map_err(PlaceError::new("the device"))?;
            Ok((Self { namespace, address }, device))
        });
        opening.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// Its address.
    pub const fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// Runs something here, on a thread of its own. Threads that it starts are here as well.
    ///
    /// # Errors
    /// [`PlaceError`] when the thread cannot be started.
    pub fn run<T: Send + 'static>(
        &self,
        what: impl FnOnce() -> T + Send + 'static,
    ) -> Result<JoinHandle<Result<T, PlaceError>>, PlaceError> {
        let namespace = self.namespace.try_clone().map_err(PlaceError::new("the namespace"))?;
        Ok(std::thread::spawn(move || {
            setns(&namespace, CloneFlags::CLONE_NEWNET)
                .map_err(|error| PlaceError::new("entering the namespace")(error.into()))?;
            Ok(what())
        }))
    }
}
