//! Whether the write-ahead log holds all that was confirmed.
//!
//! SQLite reads the log up to the first frame that its checksum does not fit, and takes that for the end: a commit that a
//! crash interrupted. So one flipped bit would silently take everything that was confirmed after it. Two things prove
//! that more was there. A commit that others follow in the log was synced before they were begun. And the file of
//! shared memory, which a killed process leaves behind, says how many frames were synced.
//!
//! The formats are those of <https://www.sqlite.org/fileformat2.html#walformat> and
//! <https://www.sqlite.org/walformat.html>.

use crate::StoreError;
use crate::backup::with_suffix;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// Fails with `Corrupt` where the log of a database can be shown to have lost what was confirmed.
///
/// Nobody may have the database open for writing. Nothing is changed. A last commit of which nothing shows that it was
/// confirmed is taken for one that was not, as SQLite does.
pub(crate) fn check(database: &Path) -> Result<(), StoreError> {
    let file = with_suffix(database, "-wal");
    let damaged = |finding: String| StoreError::Corrupt { file: file.clone(), finding };
    let log = match File::open(&file) {
        Ok(log) => log,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(StoreError::from_io("open", &file, &error)),
    };
    let found = Log::read(log).map_err(|error| StoreError::from_io("read", &file, &error))?;
    let Some(found) = found else { return Ok(()) };
    let Some(header) = found.header else {
        return Err(damaged("its header is damaged, and frames follow it".to_owned()));
    };
    let (sound, committed) = (found.sound, found.committed);
    if found.is_followed {
        let finding = format!("frame {} is damaged, and commits follow it; {committed} are sound", sound + 1);
        return Err(damaged(finding));
    }
    match synced(&with_suffix(database, "-shm"), &header) {
        Some(synced) if synced > committed => {
            Err(damaged(format!("{synced} frames were confirmed, and only {committed} are sound")))
        }
        _ => Ok(()),
    }
}

/// What was found in a log.
struct Log {
    /// `None` where it is damaged.
    header: Option<Header>,
    /// How many frames there are before the first that is damaged or of an earlier use of the log.
    sound: u32,
    /// How many of them were committed.
    committed: u32,
    /// Whether behind the first damaged frame there is a commit, and a frame that goes on from it.
    is_followed: bool,
}

impl Log {
    /// Reads a whole log; `None` where it has no frame.
    fn read(log: File) -> io::Result<Option<Self>> {
        let mut log = BufReader::with_capacity(BUFFER_OCTETS, log);
        let mut octets = [0; HEADER_OCTETS];
        if !fill(&mut log, &mut octets)? {
            return Ok(None);
        }
        let header = Header::read(&octets);
        let page_octets = header.as_ref().map_or(PAGE_OCTETS_MIN, |header| header.page_octets);
        let mut frame = vec![0; FRAME_HEADER_OCTETS + page_octets];
        let mut found = Self { header, sound: 0, committed: 0, is_followed: false };
        let Some(header) = found.header.as_ref() else {
            return Ok(fill(&mut log, &mut frame)?.then_some(found));
        };
        let mut checksum = header.checksum;
        let (mut is_sound, mut is_behind_commit) = (true, false);
        while fill(&mut log, &mut frame)? {
            let fits = header.fits(&frame, checksum);
            let is_commit = word(&frame, 4) != 0;
            is_sound &= fits;
            if is_sound {
                found.sound += 1;
                found.committed = if is_commit { found.sound } else { found.committed };
            } else {
                // Whoever goes on from the checksum of a commit has synced that before. Frames of a commit that failed
                // and was partly written over never do.
                found.is_followed |= fits && is_behind_commit;
            }
            is_behind_commit = fits && is_commit;
            checksum = [word(&frame, 16), word(&frame, 20)];
        }
        Ok(Some(found))
    }
}

/// The header of a log that is sound.
struct Header {
    is_big_endian: bool,
    page_octets: usize,
    /// Of the octets before it; that of the frames goes on from here.
    checksum: [u32; 2],
    /// What frames of this use of the log are known by.
    salt: [u8; 8],
}

impl Header {
    fn read(octets: &[u8; HEADER_OCTETS]) -> Option<Self> {
        let is_big_endian = match word(octets, 0) {
            MAGIC => false,
            MAGIC_BIG_ENDIAN => true,
            _ => return None,
        };
        let checksum = sum(is_big_endian, [0, 0], &octets[..24]);
        let page_octets = usize::try_from(word(octets, 8)).ok()?;
        let is_sound = checksum == [word(octets, 24), word(octets, 28)]
            && page_octets.is_power_of_two()
            && (PAGE_OCTETS_MIN..=PAGE_OCTETS_MAX).contains(&page_octets);
        let salt = octets[16..24].try_into().ok()?;
        is_sound.then_some(Self { is_big_endian, page_octets, checksum, salt })
    }

    /// Whether a frame is as it was written, behind one whose checksum is `before`.
    fn fits(&self, frame: &[u8], before: [u32; 2]) -> bool {
        let (head, page) = frame.split_at(FRAME_HEADER_OCTETS);
        let checksum = || sum(self.is_big_endian, sum(self.is_big_endian, before, &head[..8]), page);
        head[8..16] == self.salt && checksum() == [word(head, 16), word(head, 20)]
    }
}

/// How many frames of this use of the log were synced, from the file of shared memory; `None` where it can't be known,
/// because the file is missing, of another use of the log, or was not written whole.
fn synced(file: &Path, header: &Header) -> Option<u32> {
    let octets = File::open(file).and_then(|file| {
        let mut octets = Vec::new();
        file.take(2 * INDEX_HEADER_OCTETS as u64).read_to_end(&mut octets).map(|_| octets)
    });
    let octets = octets.ok()?;
    let (first, second) = octets.split_at_checked(INDEX_HEADER_OCTETS)?;
    // The words of this file are in the order of the machine, not in that of the log.
    let native = |place: usize| first[place..place + 4].try_into().map(u32::from_ne_bytes).ok();
    let checksum = sum(cfg!(target_endian = "big"), [0, 0], &first[..INDEX_HEADER_OCTETS - 8]);
    let is_whole = first == second && [native(40)?, native(44)?] == checksum;
    (is_whole && first[32..40] == header.salt).then(|| native(16))?
}

/// Fills a buffer; `false` where the file ends before.
fn fill(log: &mut impl Read, octets: &mut [u8]) -> io::Result<bool> {
    match log.read_exact(octets) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        outcome => outcome.map(|()| true),
    }
}

/// The checksum of SQLite's log, going on from `[first, second]`.
fn sum(is_big_endian: bool, [mut first, mut second]: [u32; 2], octets: &[u8]) -> [u32; 2] {
    let read = |octets: [u8; 4]| {
        if is_big_endian { u32::from_be_bytes(octets) } else { u32::from_le_bytes(octets) }
    };
    let (pairs, _) = octets.as_chunks::<8>();
    for &[a, b, c, d, e, f, g, h] in pairs {
        first = first.wrapping_add(read([a, b, c, d])).wrapping_add(second);
        second = second.wrapping_add(read([e, f, g, h])).wrapping_add(first);
    }
    [first, second]
}

/// The big-endian word at a place that the caller knows to be there.
fn word(octets: &[u8], place: usize) -> u32 {
    octets[place..place + 4].iter().fold(0, |word, octet| word << 8 | u32::from(*octet))
}

const MAGIC: u32 = 0x377f_0682;
const MAGIC_BIG_ENDIAN: u32 = 0x377f_0683;
const HEADER_OCTETS: usize = 32;
const FRAME_HEADER_OCTETS: usize = 24;
const PAGE_OCTETS_MIN: usize = 512;
const PAGE_OCTETS_MAX: usize = 65_536;
/// One of the two headers of the shared memory.
const INDEX_HEADER_OCTETS: usize = 48;
const BUFFER_OCTETS: usize = 256 * 1024;
