/* The thread words that stand in brackets on every function of the ABI.
 *
 *   [main]    the thread that starts and stops the server; one call at a time in a process.
 *   [io]      a thread that serves sockets: must not block, wait or take long.
 *   [worker]  a thread of the bounded executor: may compute, must not wait for the network.
 *   [task]    a thread that the plugin asked for with varve_host_task.spawn: may block.
 *   [any]     any of the above, and several at the same time: the function is thread-safe.
 *   [owner]   one thread at a time per object, any thread; the caller serialises.
 *
 * No function may be called from a signal handler. No exception may leave a function. */
#ifndef VARVE_THREAD_H
#define VARVE_THREAD_H
#endif
