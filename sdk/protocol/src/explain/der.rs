//! A signature in ASN.1 DER, which this protocol does not use and many libraries give.

/// r‖s of `SEQUENCE { INTEGER r, INTEGER s }`; `None` when the bytes are not that.
pub(super) fn raw(der: &[u8]) -> Option<[u8; 64]> {
    let (&[0x30, length], body) = der.split_first_chunk::<2>()? else { return None };
    if usize::from(length) != body.len() || length >= 0x80 {
        return None;
    }
    let mut raw = [0; 64];
    let mut rest = body;
    for half in raw.chunks_mut(32) {
        let (&[0x02, length], after) = rest.split_first_chunk::<2>()? else { return None };
        let (integer, after) = after.split_at_checked(usize::from(length))?;
        let digits = match integer {
            [0, digits @ ..] => digits,
            digits => digits,
        };
        let start = 32_usize.checked_sub(digits.len())?;
        half[start..].copy_from_slice(digits);
        rest = after;
    }
    rest.is_empty().then_some(raw)
}
