//! Waiting for something that others decide: longer each time, spread by chance, and never shorter than the other side asked.

/// The longest `Retry-After` that is obeyed: a mistyped header must not silence anybody for a year.
const ASKED_MS_MAX: u64 = 86_400_000;

/// The waits between questions.
///
/// ```
/// use tongqiao_engine::patience::Patience;
/// let mut patience = Patience::new(1_000, 30_000);
/// assert!((500..=1_000).contains(&patience.next_ms(None, 7)));
/// assert!(patience.next_ms(Some(90_000), 7) >= 90_000);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patience {
    ceiling_ms: u64,
    cap_ms: u64,
}

impl Patience {
    /// Waits that begin with at most `base_ms` and grow to at most `cap_ms`.
    pub const fn new(base_ms: u64, cap_ms: u64) -> Self {
        Self { ceiling_ms: base_ms, cap_ms }
    }

    /// The next wait: between half and all of a ceiling that doubles; what was asked for comes first, with the jitter on top.
    pub const fn next_ms(&mut self, asked_ms: Option<u64>, random: u64) -> u64 {
        let half = self.ceiling_ms / 2;
        let jitter = random % (half + 1);
        let wait = match asked_ms {
            Some(asked) if asked > ASKED_MS_MAX => ASKED_MS_MAX + jitter,
            Some(asked) if asked > half => asked + jitter,
            _ => half + jitter,
        };
        let doubled = self.ceiling_ms.saturating_mul(2);
        self.ceiling_ms = if doubled > self.cap_ms { self.cap_ms } else { doubled };
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_cap_and_keep_to_what_was_asked() {
        let mut patience = Patience::new(1_000, 3_000);
        let longest = [1_000, 2_000, 3_000, 3_000];
        for ceiling in longest {
            let wait = patience.next_ms(None, u64::MAX);
            assert!((ceiling / 2..=ceiling).contains(&wait), "{wait} for {ceiling}");
        }
        assert!((60_000..=61_500).contains(&patience.next_ms(Some(60_000), 1_234)));
        assert!(patience.next_ms(Some(u64::MAX), 0) <= 86_400_000 + 1_500);
    }
}
