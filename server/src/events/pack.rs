//! A stream under gzip whose parts can be exchanged: every part is packed without looking back at those before it, and ends at a
//! whole byte. So what many streams write at the same time is packed once, wherever each of them began.

use bytes::Bytes;
use flate2::{Compress, Compression, FlushCompress};

/// A gzip header: deflate, no name, no time, any system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// The first part, behind the header. The stream has no end, so there is never a checksum.
pub fn beginning(part: &[u8]) -> Bytes {
    let mut packed = HEADER.to_vec();
    pack_into(&mut packed, part);
    packed.into()
}

/// Any further part.
pub fn pack(part: &[u8]) -> Bytes {
    let mut packed = Vec::with_capacity(part.len() / 6 + 64);
    pack_into(&mut packed, part);
    packed.into()
}

fn pack_into(packed: &mut Vec<u8>, part: &[u8]) {
    let mut deflate = Compress::new(Compression::fast(), false);
    loop {
        packed.reserve(part.len() / 8 + 64);
        let done = usize::try_from(deflate.total_in()).unwrap_or(part.len());
        // Deflate refuses nothing, and where it has no room it says so by filling it.
        let _ = deflate.compress_vec(&part[done..], packed, FlushCompress::Sync);
        if packed.len() < packed.capacity() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::write::GzDecoder;

    use super::*;

    fn unpacked(parts: &[&[u8]]) -> Vec<u8> {
        let mut decoder = GzDecoder::new(Vec::new());
        for part in parts {
            decoder.write_all(part).unwrap();
            decoder.flush().unwrap();
        }
        decoder.get_ref().clone()
    }

    #[test]
    fn parts_fit_behind_any_others() {
        let repeated = "event: locks_granted\n".repeat(10_000);
        // Hardly to be made smaller.
        let mixed: Vec<u8> =
            (0..100_000_u64).map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect();
        let parts: [&[u8]; 4] = [b"one", repeated.as_bytes(), &mixed, b""];
        let packed = parts.map(pack);
        assert!(packed[1].len() < repeated.len() / 50);
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 1, 0, 2]] {
            let beginning = beginning(b"retry: 1\n\n");
            let mut stream: Vec<&[u8]> = vec![&beginning];
            stream.extend(order.map(|n| &*packed[n]));
            let expected = [b"retry: 1\n\n", &*order.map(|n| parts[n]).concat()].concat();
            assert_eq!(unpacked(&stream), expected);
        }
    }
}
