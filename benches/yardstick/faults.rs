//! How often the process touched a page of memory that the system had to provide first.

/// Minor page faults of all threads since the process began; none where the system does not tell.
pub(crate) fn page_faults() -> Option<u64> {
    // Field 10 of proc_pid_stat(5). The second, the program's name, may hold spaces, and ends with the last parenthesis.
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(7)?.parse().ok()
}
