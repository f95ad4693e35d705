//! Values of sets that may grow: what is not known is kept and reported, never dropped.

use alloc::string::{String, ToString};
use core::convert::Infallible;
use core::str::FromStr;

use serde::{Serialize, Serializer};

use crate::reading::Reading;
use crate::{ErrorCode, Fault};

/// A known value, or the word of a later version.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum OpenValue<T> {
    /// A value that this version knows.
    Known(T),
    /// A word that this version does not know, kept as it came.
    Unknown(String),
}

impl<T> OpenValue<T> {
    /// The known value.
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown(_) => None,
        }
    }
}

impl<T: AsRef<str>> OpenValue<T> {
    /// The word on the wire, known or not.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(value) => value.as_ref(),
            Self::Unknown(word) => word,
        }
    }
}

impl<T> From<T> for OpenValue<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

impl<T: FromStr> OpenValue<T> {
    /// Reads a required member; a word that is not known is kept, and remarked on.
    pub(crate) fn read(reading: &mut Reading<'_>, name: &str) -> Option<Self> {
        let value = reading.parsed(name)?;
        if let Self::Unknown(word) = &value {
            let remark = Fault::new(&reading.path_of(name), ErrorCode::IdentifierUnknownSet).with("set", name);
            reading.remark(remark.with("code", word));
        }
        Some(value)
    }
}

impl<T: FromStr> FromStr for OpenValue<T> {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(text.parse().map_or_else(|_| Self::Unknown(text.to_string()), Self::Known))
    }
}

impl<T: Serialize> Serialize for OpenValue<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(value) => value.serialize(serializer),
            Self::Unknown(word) => serializer.serialize_str(word),
        }
    }
}

/// A closed set of words: the enum, its names, and a parser that fails on others.
macro_rules! words {
    ($(#[$docs:meta])* $name:ident { $($(#[$variant_docs:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$docs])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$variant_docs])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// The word on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl core::str::FromStr for $name {
            type Err = alloc::string::String;

            /// Fails with the words that would be right.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(alloc::string::String::from([$($word),+].join(" | "))),
                }
            }
        }
    };
}
pub(crate) use words;
