//! As what the program runs on this machine.

use super::finding::Said;

/// As what the program runs on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Role {
    /// A township office's node.
    #[default]
    Node,
    /// The hub in the city.
    Hub,
    /// Beside a department's system.
    Sidecar,
}

impl Role {
    /// The word by which the program is started in it.
    pub const fn command(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Hub => "hub",
            Self::Sidecar => "sidecar",
        }
    }

    /// What people call it.
    pub(super) fn name(self) -> Said {
        let (chinese, english) = match self {
            Self::Node => ("边缘节点", "node"),
            Self::Hub => ("汇聚节点", "hub"),
            Self::Sidecar => ("边车", "sidecar"),
        };
        Said::new(chinese, english)
    }
}
