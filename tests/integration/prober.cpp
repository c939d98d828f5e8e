#include "tests/integration/prober.hpp"

#include <algorithm>
#include <ostream>

namespace yizhan::integration {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

std::chrono::microseconds Answers::percentile(unsigned of_hundred) const {
    return times.empty() ? 0us : times[(times.size() - 1) * of_hundred / 100];
}

double Answers::late(std::chrono::microseconds limit) const {
    std::chrono::duration<double> all{}, over{};
    for (const auto time : times) {
        all += time + Prober::pause;
        over += std::max(time - limit, 0us);
    }
    return times.empty() ? 1 : over / all;
}

std::ostream& operator<<(std::ostream& out, const Answers& answers) {
    const auto milliseconds = [&](unsigned of_hundred) {
        return std::chrono::duration<double, std::milli>(answers.percentile(of_hundred)).count();
    };
    return out << answers.times.size() << " answers, median " << milliseconds(50) << " ms, 99 % " << milliseconds(99)
               << " ms, worst " << milliseconds(100) << " ms, later than 50 ms " << answers.late(50ms) * 100
               << " % of the time";
}

Prober::Prober(std::uint16_t port, std::vector<std::string> targets, std::string address)
    : port_(port), targets_(std::move(targets)), address_(std::move(address)), thread_([this] { run(); }) {}

Answers Prober::finish() {
    stop_ = true;
    thread_.join();
    std::ranges::sort(answers_.times);
    return std::move(answers_);
}

void Prober::run() {
    while (!stop_) {
        for (const std::string& target : targets_) {
            const auto begin = Clock::now();
            const origin::Reply reply = origin::Client(port_, address_).get(target);
            answers_.times.push_back(std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin));
            answers_.wrong += reply.status == 200 && reply.complete ? 0 : 1;
            std::this_thread::sleep_for(pause);
        }
    }
}

} // namespace yizhan::integration
