//! Randomness from the same source as keys.

/// Random bytes.
pub(super) fn bytes<const N: usize>() -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    rustls::crypto::ring::default_provider()
        .secure_random
        .fill(&mut bytes)
        .map_err(|_| std::io::Error::other("no randomness"))?;
    Ok(bytes)
}

/// 256 bits that nobody guesses, in hexadecimal.
pub(super) fn token() -> std::io::Result<String> {
    Ok(bytes::<32>()?.iter().map(|byte| format!("{byte:02x}")).collect())
}
