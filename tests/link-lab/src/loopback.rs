//! A new namespace's own loopback device is down. One message of netlink raises it.

use std::os::fd::AsRawFd as _;

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recv, sendto, socket};

/// Change a link.
const RTM_NEWLINK: u16 = 16;
/// It is a request, and an answer is wanted.
const REQUEST_WITH_ANSWER: u16 = 1 | 4;
const NLMSG_ERROR: u16 = 2;
/// The device is up.
const IFF_UP: u32 = 1;
/// In every namespace the loopback device is the first.
const LOOPBACK: i32 = 1;

/// Raises the loopback device of the calling thread's namespace.
pub(crate) fn raise() -> nix::Result<()> {
    let netlink = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkRoute)?;
    let mut message = Vec::with_capacity(32);
    message.extend_from_slice(&32_u32.to_ne_bytes());
    message.extend_from_slice(&RTM_NEWLINK.to_ne_bytes());
    message.extend_from_slice(&REQUEST_WITH_ANSWER.to_ne_bytes());
    // Sequence and port; then family, kind, device, flags and which flags are meant.
    message.extend_from_slice(&[0; 8]);
    message.extend_from_slice(&[0; 4]);
    message.extend_from_slice(&LOOPBACK.to_ne_bytes());
    message.extend_from_slice(&IFF_UP.to_ne_bytes());
    message.extend_from_slice(&IFF_UP.to_ne_bytes());
    sendto(netlink.as_raw_fd(), &message, &NetlinkAddr::new(0, 0), MsgFlags::empty())?;
    let mut answer = [0; 256];
    let count = recv(netlink.as_raw_fd(), &mut answer, MsgFlags::empty())?;
    // A header of 16 bytes whose kind stands at 4, and the error as a negative number.
    let is_error = count >= 20 && answer[4..6] == NLMSG_ERROR.to_ne_bytes();
    let code = i32::from_ne_bytes([answer[16], answer[17], answer[18], answer[19]]);
    if is_error && code == 0 { Ok(()) } else { Err(Errno::from_raw(-code)) }
}
