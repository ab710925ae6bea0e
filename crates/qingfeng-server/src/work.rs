//! The threads that assess. Requests wait for them in a queue of bounded length; tokio's threads never assess.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

type Job = Box<dyn FnOnce() + Send>;

/// The queue is full, or closed.
pub(crate) struct QueueFull;

struct Queue {
    jobs: VecDeque<Job>,
    is_closed: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    ready: Condvar,
    room: usize,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<Job> {
        let mut queue = self.queue();
        loop {
            if let Some(job) = queue.jobs.pop_front() {
                return Some(job);
            }
            if queue.is_closed {
                return None;
            }
            queue = self.ready.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Threads and the queue before them.
pub(crate) struct Workers {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Workers {
    /// So many threads, for which so many jobs may wait.
    pub fn start(threads: usize, room: usize) -> io::Result<Self> {
        let queue = Mutex::new(Queue { jobs: VecDeque::new(), is_closed: false });
        let shared = Arc::new(Shared { queue, ready: Condvar::new(), room: room.max(1) });
        let mut started = Vec::new();
        for at in 0..threads.max(1) {
            let shared = Arc::clone(&shared);
            let work = move || {
                while let Some(job) = shared.next() {
                    // Who waits for a job that panicked finds that its answer never comes, and says so.
                    let _ = catch_unwind(AssertUnwindSafe(job));
                }
            };
            started.push(thread::Builder::new().name(format!("assess-{at}")).spawn(work)?);
        }
        Ok(Self { shared, threads: Mutex::new(started) })
    }

    /// Adds a job to the end of the queue.
    pub fn submit(&self, job: impl FnOnce() + Send + 'static) -> Result<(), QueueFull> {
        let mut queue = self.shared.queue();
        if queue.is_closed || queue.jobs.len() >= self.shared.room {
            return Err(QueueFull);
        }
        queue.jobs.push_back(Box::new(job));
        drop(queue);
        self.shared.ready.notify_one();
        Ok(())
    }

    /// The jobs that wait.
    pub fn waiting(&self) -> usize {
        self.shared.queue().jobs.len()
    }

    /// Whether more than half of the queue is taken.
    pub fn is_pressed(&self) -> bool {
        self.waiting() * 2 > self.shared.room
    }

    /// Does what waits, and ends the threads.
    pub fn end(&self) {
        self.shared.queue().is_closed = true;
        self.shared.ready.notify_all();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::Workers;

    #[test]
    fn a_full_queue_refuses_and_a_panic_ends_one_job_alone() {
        let workers = Workers::start(1, 2).expect("threads start");
        let (hold, held) = mpsc::channel::<()>();
        let (tell, told) = mpsc::channel();
        let begun = tell.clone();
        assert!(
            workers
                .submit(move || {
                    begun.send(0).ok();
                    held.recv().ok();
                })
                .is_ok()
        );
        assert_eq!(told.recv(), Ok(0));
        assert!(workers.submit(|| panic!("planted")).is_ok());
        assert!(workers.submit(move || tell.send(1).unwrap_or_default()).is_ok());
        assert!(workers.submit(|| {}).is_err());
        assert!(workers.is_pressed());
        drop(hold);
        assert_eq!(told.recv(), Ok(1));
        workers.end();
        assert!(workers.submit(|| {}).is_err());
    }
}
