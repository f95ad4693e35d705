//! Bugs that are planted to see whether they are found.

use std::fmt;

/// One bug; it is in the pieces of the simulation that stand around the real code, or in what they hand to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Plant {
    /// A department tells its user "accepted" before the disk has confirmed it.
    AcceptedBeforeDisk,
    /// A node signs its custody receipt before the disk has confirmed the record.
    CustodyBeforeDisk,
    /// A node forgets the last record of a batch and signs for all.
    LastOfBatchDropped,
    /// A node keeps what it took in memory alone.
    CustodyInMemory,
    /// A disk says "written" and loses the last commit when the power goes.
    DiskLies,
    /// A node takes silence for success.
    SilenceSettles,
    /// A node takes "something earlier is missing" for an answer.
    DeferralSettles,
    /// A receipt signed by somebody else's key is believed.
    AnotherKeyIsBelieved,
    /// A genuine receipt is taken whatever record it names.
    AnotherRecordIsBelieved,
    /// A new epoch of the platform is noted, and nothing is offered again.
    EpochForgets,
    /// A department never hears of a new epoch.
    EpochUnheard,
    /// A platform that was restored from a backup goes on with its old epoch.
    RestoredInSilence,
    /// A platform that was restored has its log, and does not make its index of records and streams anew.
    RestoredWithoutIndex,
    /// The platform does not recognise a record that comes again.
    RepeatedIsNew,
    /// A bill that comes again is counted again.
    MoneyTwice,
    /// A department works with yuan in floating point and cuts the last place off.
    FenLost,
    /// A department charges anew, under a new id, when a bill was not answered.
    ChargedAnew,
    /// After a crash a department enters anew, under a new id, what it did not hear of.
    EnteredAnew,
    /// A department numbers two events of a case the wrong way round.
    EventsSwapped,
    /// The platform takes events of a case in any order.
    OrderIgnored,
    /// A node gives a record up after a few failures.
    GivenUpEarly,
    /// A hub remembers answers, and gives them again to the same frame.
    HubRemembers,
    /// The platform answers before its own disk has confirmed.
    PlatformBeforeDisk,
}

impl Plant {
    /// All of them.
    pub const ALL: [Self; 23] = [
        Self::AcceptedBeforeDisk,
        Self::CustodyBeforeDisk,
        Self::LastOfBatchDropped,
        Self::CustodyInMemory,
        Self::DiskLies,
        Self::SilenceSettles,
        Self::DeferralSettles,
        Self::AnotherKeyIsBelieved,
        Self::AnotherRecordIsBelieved,
        Self::EpochForgets,
        Self::EpochUnheard,
        Self::RestoredInSilence,
        Self::RestoredWithoutIndex,
        Self::RepeatedIsNew,
        Self::MoneyTwice,
        Self::FenLost,
        Self::ChargedAnew,
        Self::EnteredAnew,
        Self::EventsSwapped,
        Self::OrderIgnored,
        Self::GivenUpEarly,
        Self::HubRemembers,
        Self::PlatformBeforeDisk,
    ];
}

impl fmt::Display for Plant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As `SilenceSettles` is written, in words.
        let name = format!("{self:?}");
        let mut words = String::new();
        for letter in name.chars() {
            if letter.is_uppercase() && !words.is_empty() {
                words.push(' ');
            }
            words.extend(letter.to_lowercase());
        }
        f.pad(&words)
    }
}
