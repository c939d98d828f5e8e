#include "proxy/routes/page_shelf.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace yizhan {

PageSlot::View PageSlot::view() const {
    const auto now = BootClock::now();
    const std::scoped_lock lock(mutex_);
    return {
        .generation = generation_, .error = error_, .age = now - confirmed_, .tried = now - tried_, .turns = turns_};
}

bool PageSlot::begin_refresh() {
    const std::scoped_lock lock(mutex_);
    return !std::exchange(refreshing_, true);
}

void PageSlot::end_refresh(std::optional<Error> error) {
    {
        const std::scoped_lock lock(mutex_);
        refreshing_ = false;
        ++turns_;
        tried_ = BootClock::now();
        error_ = std::move(error);
        if (error_ && error_->code == Errc::not_found)
            generation_.reset();
    }
    changed_.notify_all();
}

void PageSlot::show(GenerationPtr generation, BootClock::time_point confirmed) {
    {
        const std::scoped_lock lock(mutex_);
        generation_ = std::move(generation);
        confirmed_ = confirmed;
        forms_.clear();
    }
    changed_.notify_all();
}

void PageSlot::confirm(BootClock::time_point when) {
    const std::scoped_lock lock(mutex_);
    confirmed_ = when;
}

PageSlot::FormLook PageSlot::form(const GenerationPtr& generation, const PageForm& form) {
    const std::scoped_lock lock(mutex_);
    if (form.before && !forms_.contains(form))
        make_room_for_dated();
    auto& found = forms_[form];
    if (found.of == generation)
        return {.page = found.page, .claimed = false};
    found = {.of = generation, .page = nullptr};
    return {.page = nullptr, .claimed = true};
}

// Locked. The earliest date goes first: of the setting's, which moves on with the clock, the one that has passed. A
// form that is being rendered is waited for and stays.
void PageSlot::make_room_for_dated() {
    const auto dated = [](const auto& entry) { return entry.first.before.has_value(); };
    if (static_cast<std::size_t>(std::ranges::count_if(forms_, dated)) < most_dated)
        return;
    auto earliest = forms_.end();
    for (auto at = forms_.begin(); at != forms_.end(); ++at)
        if (dated(*at) && at->second.page && (earliest == forms_.end() || at->first.before < earliest->first.before))
            earliest = at;
    if (earliest != forms_.end())
        forms_.erase(earliest);
}

void PageSlot::put(const GenerationPtr& generation, const PageForm& form, RenderedPtr page) {
    {
        const std::scoped_lock lock(mutex_);
        if (const auto at = forms_.find(form); at != forms_.end() && at->second.of == generation)
            at->second.page = std::move(page);
    }
    changed_.notify_all();
}

void PageSlot::unclaim(const GenerationPtr& generation, const PageForm& form) {
    {
        const std::scoped_lock lock(mutex_);
        if (const auto at = forms_.find(form); at != forms_.end() && at->second.of == generation && !at->second.page)
            forms_.erase(at);
    }
    changed_.notify_all();
}

PageSlot::Shown PageSlot::shown(const PageForm& form, BootClock::time_point now) const {
    const std::scoped_lock lock(mutex_);
    const auto found = forms_.find(form);
    if (!generation_ || error_ || found == forms_.end() || found->second.of != generation_)
        return {};
    return {.page = found->second.page, .age = now - confirmed_};
}

std::size_t PageSlot::weight() const {
    const std::scoped_lock lock(mutex_);
    std::size_t out = sizeof(PageSlot) + (generation_ ? generation_->bytes * 2 : 0);
    for (const auto& [form, rendered] : forms_)
        out += rendered.page ? rendered.page->body->size() : 0;
    return out;
}

PageShelf::Shard& PageShelf::shard(const std::string& project) {
    return shards_[std::hash<std::string>{}(project) % shards_.size()];
}

std::shared_ptr<PageSlot> PageShelf::slot(const std::string& project) {
    auto& shard = this->shard(project);
    const std::scoped_lock lock(shard.mutex);
    auto& found = shard.slots[project];
    if (!found)
        found = std::make_shared<PageSlot>();
    found->use(BootClock::now());
    return found;
}

std::shared_ptr<PageSlot> PageShelf::find(const std::string& project) {
    auto& shard = this->shard(project);
    const std::scoped_lock lock(shard.mutex);
    const auto found = shard.slots.find(project);
    return found == shard.slots.end() ? nullptr : found->second;
}

void PageShelf::trim(const std::string& project) {
    auto& shard = this->shard(project);
    const std::scoped_lock lock(shard.mutex);
    std::size_t total = 0;
    for (const auto& [name, slot] : shard.slots)
        total += name.size() + slot->weight();
    while (total > budget_ / shards_.size() && shard.slots.size() > 1) {
        const auto oldest =
            std::ranges::min_element(shard.slots, {}, [](const auto& entry) { return entry.second->used(); });
        total -= std::min(total, oldest->first.size() + oldest->second->weight());
        shard.slots.erase(oldest); // whoever still works with it keeps it alive
    }
}

void PageShelf::remember_absence(const std::string& project) {
    auto& shard = this->shard(project);
    const std::scoped_lock lock(shard.mutex);
    shard.absent.push_back(project);
    if (shard.absent.size() <= most_absent)
        return;
    if (const auto oldest = shard.slots.find(shard.absent.front());
        oldest != shard.slots.end() && !oldest->second->view().generation)
        shard.slots.erase(oldest);
    shard.absent.pop_front();
}

std::size_t PageShelf::size() {
    std::size_t sum = 0;
    for (auto& shard : shards_) {
        const std::scoped_lock lock(shard.mutex);
        sum += shard.slots.size();
    }
    return sum;
}

} // namespace yizhan
