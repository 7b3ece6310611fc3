//! Dumps: what is read as values is in the file, reading it twice gives the same, and a broken statement ends nothing.
#![no_main]

use std::cell::RefCell;
use std::io::{Seek as _, Write as _};

use libfuzzer_sys::fuzz_target;
use maildesk::inside::dump_rows;
use maildesk_fuzz::in_time;

thread_local! {
    /// A file in memory.
    static DUMP: RefCell<std::fs::File> = RefCell::new(rustix::fs::memfd_create("dump", rustix::fs::MemfdFlags::CLOEXEC).expect("memory for a file").into());
}

fuzz_target!(|bytes: &[u8]| {
    DUMP.with_borrow_mut(|file| {
        file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(bytes)).expect("memory for a file");
        let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(file));
        let path = std::path::Path::new(&path);
        let tables = in_time(bytes.len(), || dump_rows(path)).expect("the file can be read");
        let values: usize = tables.iter().map(|(_, values, _)| values).sum();
        assert!(values <= bytes.len(), "{values} bytes of values in {}", bytes.len());
        assert_eq!(dump_rows(path).expect("the file can be read"), tables);
    });
});
