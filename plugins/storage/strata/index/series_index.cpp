#include "storage/strata/index/series_index.hpp"

#include <algorithm>
#include <queue>

#include <varve/cpp/bytes.hpp>

#include "common/series_key.hpp"

namespace varve::strata {
namespace {

// Keys that are looked up in the time that memory takes.
constexpr size_t kPrefetchAhead = 32;

Status check_canonical(std::string_view key) {
    if (series_key::is_canonical(key)) return {};
    series_key::Parts parts;
    VARVE_RETURN_IF_ERROR(series_key::split(key, parts));
    std::string canonical;
    VARVE_RETURN_IF_ERROR(series_key::append(parts.measurement, parts.tags, canonical));
    if (canonical == key) return {};
    return {Code::invalid_argument, "the series key is not canonical"};
}

}  // namespace

SeriesIndex::SeriesIndex(const Files &files, std::string directory, uint64_t hash_seed,
                         IndexOptions options)
    : files_(files),
      directory_(std::move(directory)),
      hash_seed_(hash_seed),
      options_(options),
      cache_(options.cache_series_max),
      counts_(hash_seed) {
    State first;
    first.head = std::make_shared<Head>();
    publish(std::move(first));
}

SeriesIndex::~SeriesIndex() = default;

std::shared_ptr<const SeriesIndex::State> SeriesIndex::state() const {
    const std::lock_guard lock(mutex_);
    return state_;
}

void SeriesIndex::publish(State next) {
    state_ = std::make_shared<const State>(std::move(next));
    version_.fetch_add(1, std::memory_order_release);
}

TagSources SeriesIndex::sources() const {
    const auto now = state();
    TagSources found;
    for (const auto &file : now->files) found.push_back(make_source(file));
    for (const auto &head : {now->frozen, now->head}) {
        if (head == nullptr) continue;
        for (auto &part : head->parts()) found.push_back(make_source(std::move(part)));
    }
    return found;
}

// ---- the writer's ----

const SeriesIndex::State &SeriesIndex::writer_state() {
    if (version_.load(std::memory_order_acquire) == writer_version_) return *writer_state_;
    const uint64_t collections = writer_state_ == nullptr ? 0 : writer_state_->collections;
    {
        const std::lock_guard lock(mutex_);
        writer_state_ = state_;
        writer_version_ = version_.load(std::memory_order_relaxed);
    }
    writer_keys_.reset();
    // An id that was collected may stand in the cache.
    if (writer_state_->collections != collections) cache_.clear();
    std::vector<std::unique_ptr<FileKeyReader>> readers;
    for (const auto &file : writer_state_->files) {
        const auto known = std::find_if(
            writer_readers_.begin(), writer_readers_.end(),
            [&](const auto &reader) { return reader != nullptr && &reader->file() == file.get(); });
        readers.push_back(known == writer_readers_.end() ? std::make_unique<FileKeyReader>(file)
                                                         : std::move(*known));
    }
    writer_readers_ = std::move(readers);
    return *writer_state_;
}

Status SeriesIndex::look_up_once(std::string_view key, const series_key::Hashes &hashes,
                                 uint32_t &id) {
    const State &now = writer_state();
    id = cache_.find(hashes);
    cache_missed_ = id == kNoSeries;
    if (!cache_missed_) return {};
    id = now.head->find(key, hashes.hash);
    if (id == kNoSeries && now.frozen != nullptr) id = now.frozen->find(key, hashes.hash);
    for (size_t i = writer_readers_.size(); i > 0 && id == kNoSeries; --i) {
        FileKeyReader &reader = *writer_readers_[i - 1];
        if (!reader.file().find(key, hashes.hash, hash_seed_, reader, id))
            return reader.file().damage();
    }
    if (id != kNoSeries) cache_.add(hashes, id);
    return {};
}

Status SeriesIndex::look_up(std::string_view key, const series_key::Hashes &hashes, uint32_t &id) {
    while (true) {
        // Before the look-up: only the writer itself begins a collection, so none that could take
        // the id away goes on unnoticed.
        const bool collecting = collecting_.load(std::memory_order_acquire);
        VARVE_RETURN_IF_ERROR(look_up_once(key, hashes, id));
        if (!collecting || id == kNoSeries) return {};
        const std::lock_guard lock(mutex_);
        if (version_.load(std::memory_order_relaxed) != writer_version_) continue;
        given_.add(id);
        return {};
    }
}

uint32_t SeriesIndex::find(std::string_view key, const series_key::Hashes &hashes) {
    uint32_t id = kNoSeries;
    return look_up(key, hashes, id).ok() ? id : kNoSeries;
}

Status SeriesIndex::append(std::string_view key, const series_key::Hashes &hashes, uint32_t id) {
    {
        const std::lock_guard lock(mutex_);
        VARVE_RETURN_IF_ERROR(state_->head->add(key, hashes.hash, id));
        if (id >= id_end_.load(std::memory_order_relaxed)) {
            id_end_.store(id + 1, std::memory_order_release);
        }
    }
    cache_.add(hashes, id);
    return {};
}

Result<uint32_t> SeriesIndex::intern(std::string_view key, const series_key::Hashes &hashes) {
    uint32_t id = kNoSeries;
    if (Status status = look_up(key, hashes, id); !status.ok()) return status;
    if (id != kNoSeries) return id;
    return make(key, hashes);
}

Result<uint32_t> SeriesIndex::make(std::string_view key, const series_key::Hashes &hashes) {
    if (Status status = check_canonical(key); !status.ok()) return status;
    const uint32_t id = id_end();
    if (id == kNoSeries) {
        return Status(Code::resource_exhausted, "the database has used up its series ids");
    }
    if (Status status = append(key, hashes, id); !status.ok()) return status;
    return id;
}

Status SeriesIndex::restore(uint32_t id, std::string_view key) {
    VARVE_RETURN_IF_ERROR(check_canonical(key));
    const auto contradiction = [&](const std::string &known) {
        return Status(Code::data_loss, "series " + std::to_string(id) + " is said to be \"" +
                                           std::string(key) + "\", but " + known);
    };
    if (id == kNoSeries) return contradiction("there is no such id");
    const series_key::Hashes hashes = series_key::hashes(key, hash_seed_);
    uint32_t known = kNoSeries;
    VARVE_RETURN_IF_ERROR(look_up(key, hashes, known));
    if (known == id) return {};
    if (known != kNoSeries) return contradiction("that is series " + std::to_string(known));
    if (id < id_end()) {
        std::string other;
        const Status status = key_of(id, other);
        if (status.ok()) return contradiction("it is \"" + other + '"');
        if (status.code() != Code::not_found) return status;
    }
    return append(key, hashes, id);
}

Status SeriesIndex::find_all(std::span<const varve_series_key> keys, std::span<uint32_t> ids,
                             std::span<uint8_t> live) {
    // Only the writer begins a collection, so none begins before this ends; see look_up.
    const bool collecting = collecting_.load(std::memory_order_acquire);
    writer_state();
    for (size_t i = 0; i < keys.size(); ++i) {
        if (i + kPrefetchAhead < keys.size()) prefetch(keys[i + kPrefetchAhead].hash);
        const series_key::Hashes hashes{keys[i].hash, keys[i].check};
        ids[i] = collecting ? kNoSeries : cache_.find(hashes);
        if (ids[i] == kNoSeries) {
            VARVE_RETURN_IF_ERROR(look_up(view(keys[i].text), hashes, ids[i]));
        }
        live[i] = ids[i] != kNoSeries && live_.contains(ids[i]);
    }
    return {};
}

void SeriesIndex::prefetch(std::span<const varve_series_key> keys) const {
    const size_t count = std::min(keys.size(), kPrefetchAhead);
    for (size_t i = 0; i < count; ++i) prefetch(keys[i].hash);
}

void SeriesIndex::prefetch(uint64_t hash) const {
    cache_.prefetch(hash);
    // New series come in numbers; while there are none the rest is not needed.
    if (!cache_missed_ || writer_state_ == nullptr) return;
    writer_state_->head->prefetch(hash);
    if (writer_state_->frozen != nullptr) writer_state_->frozen->prefetch(hash);
    for (const auto &file : writer_state_->files) file->prefetch(hash);
}

bool SeriesIndex::has_head() {
    const State &now = writer_state();
    return now.head->size() != 0 || now.frozen != nullptr;
}

bool SeriesIndex::in_head(uint32_t id) {
    const State &now = writer_state();
    return now.head->find_id(id) != nullptr ||
           (now.frozen != nullptr && now.frozen->find_id(id) != nullptr);
}

void SeriesIndex::reserve_ids(uint32_t end) {
    if (end > id_end()) id_end_.store(end, std::memory_order_release);
}

void SeriesIndex::revive(uint32_t id) {
    if (!live_.add_checked(id)) return;
    ++live_count_;
    if (counts_tags_) count_tags(id, 1);
}

void SeriesIndex::forget(const Bitmap &ids) {
    const Bitmap gone = live_ & ids;
    if (counts_tags_) gone.for_each([&](uint32_t id) { count_tags(id, -1); });
    live_ -= gone;
    live_count_ -= gone.cardinality();
}

void SeriesIndex::count_tags(uint32_t id, int change) {
    writer_state();
    if (writer_keys_ == nullptr) writer_keys_ = std::make_unique<KeyCursor>(*this);
    std::string key;
    series_key::Parts parts;
    Status status = writer_keys_->key_of(id, key);
    if (status.ok()) status = series_key::split(key, parts);
    if (status.ok()) {
        counts_.count(parts, change);
    } else {
        files_.host().log_warning("a series is left out of the limits on tag values: " +
                                  status.text());
    }
}

void SeriesIndex::set_up_counts() {
    if (counts_tags_) return;
    counts_tags_ = true;
    live_.for_each([&](uint32_t id) { count_tags(id, 1); });
}

uint64_t SeriesIndex::tag_value_count(std::string_view measurement, std::string_view tag) {
    set_up_counts();
    return counts_.value_count(measurement, tag);
}

bool SeriesIndex::has_tag_value(std::string_view measurement, std::string_view tag,
                                std::string_view value) {
    set_up_counts();
    return counts_.has_value(measurement, tag, value);
}

void SeriesIndex::drop_caches() {
    cache_.clear();
    writer_keys_.reset();
    const State &now = writer_state();
    writer_readers_.clear();
    for (const auto &file : now.files) {
        file->drop_caches();
        writer_readers_.push_back(std::make_unique<FileKeyReader>(file));
    }
}

void SeriesIndex::begin_collect() {
    const std::lock_guard lock(mutex_);
    given_ = live_;
    collecting_.store(true, std::memory_order_release);
}

// ---- any thread's ----

Status SeriesIndex::key_of(uint32_t id, std::string &out) const {
    return KeyCursor(*this).key_of(id, out);
}

Result<Bitmap> SeriesIndex::select(std::string_view measurement,
                                   const varve_series_predicate *tree) const {
    return select_series(sources(), measurement, tree);
}

Status SeriesIndex::list_measurements(const Bitmap &among, const varve_schema_request &request,
                                      varve_schema_sink sink) const {
    return list_source_measurements(sources(), among, request, sink);
}

Status SeriesIndex::list_tag_keys(const Bitmap &among, const varve_schema_request &request,
                                  varve_schema_sink sink) const {
    return list_source_tag_keys(sources(), among, request, sink);
}

Status SeriesIndex::list_tag_values(const Bitmap &among, const varve_schema_request &request,
                                    varve_schema_sink sink) const {
    return list_source_tag_values(sources(), among, request, sink);
}

Status SeriesIndex::list_series(const Bitmap &among, const varve_schema_request &request,
                                varve_schema_sink sink) const {
    Bitmap wanted = among;
    if (!view(request.measurement).empty()) {
        auto of_measurement = select(view(request.measurement), nullptr);
        if (!of_measurement.ok()) return of_measurement.status();
        wanted &= *of_measurement;
    }
    KeyCursor keys(*this);
    const std::string_view after = view(request.after);
    std::priority_queue<std::string> first;  // with a limit, never more than that many
    std::string key;
    Status status;
    wanted.for_each([&](uint32_t id) {
        if (!status.ok()) return;
        status = keys.key_of(id, key);
        if (!status.ok() || (!after.empty() && key <= after)) return;
        if (request.limit != 0 && first.size() == request.limit) {
            if (key >= first.top()) return;
            first.pop();
        }
        first.push(key);
    });
    VARVE_RETURN_IF_ERROR(status);
    std::vector<std::string> ascending(first.size());
    for (size_t i = ascending.size(); i > 0; --i) {
        ascending[i - 1] = first.top();
        first.pop();
    }
    for (const std::string &one : ascending) {
        if (sink.entry(sink.ctx, str(one), 0) != VARVE_OK) break;
    }
    return {};
}

SeriesIndex::Statistics SeriesIndex::statistics() const {
    const auto now = state();
    Statistics found;
    found.file_count = now->files.size();
    found.memory_bytes = cache_.size_bytes();
    for (const auto &file : now->files) {
        found.disk_bytes += file->header().file_size;
        found.memory_bytes += file->memory_bytes();
    }
    for (const auto &head : {now->frozen, now->head}) {
        if (head == nullptr) continue;
        found.memory_bytes += head->memory_bytes();
        found.head_bytes += head->key_bytes();
        found.head_series += head->size();
    }
    return found;
}

KeyCursor::KeyCursor(const SeriesIndex &index) : state_(index.state()) {
    for (const auto &file : state_->files) {
        readers_.push_back(std::make_unique<FileKeyReader>(file));
    }
}

KeyCursor::~KeyCursor() = default;

Status KeyCursor::key_of(uint32_t id, std::string &out) {
    for (size_t i = 0; i < readers_.size(); ++i) {
        const size_t at = (last_ + i) % readers_.size();
        if (!readers_[at]->key_of(id, out)) return readers_[at]->file().damage();
        if (out.empty()) continue;
        last_ = at;
        return {};
    }
    for (const auto &head : {state_->frozen, state_->head}) {
        const Head::Entry *entry = head == nullptr ? nullptr : head->find_id(id);
        if (entry == nullptr) continue;
        out = entry->view();
        return {};
    }
    return {Code::not_found, "there is no series " + std::to_string(id)};
}

}  // namespace varve::strata
