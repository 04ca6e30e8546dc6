// How the lab ends before its time, and how it stays behind; used by the lab's main.
#pragma once

#include <functional>

namespace outrider::testing {

/// From now on SIGINT, SIGTERM and SIGHUP end all children, remove all temporary folders and then
/// this process. Called once, before other threads are started.
void end_in_order_on_signals();

/// For ever, if such a signal is being answered: what goes wrong now is only a consequence.
void wait_if_ending();

/// Runs `work` in a process of its own that stays behind once `work` calls its argument with an
/// exit code; that code is the result. Otherwise the result is that of `work`.
int run_and_stay(const std::function<int(const std::function<void(int)>& stay)>& work);

}  // namespace outrider::testing
