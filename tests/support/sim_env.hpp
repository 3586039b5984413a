// A disk in memory that can fail and lose its power.
//
// Every file has what was written and what was synced, every directory the names it shows and the
// names that are durable. Making, renaming, linking and removing are volatile until the directory
// that got the change is synced; till then they stand in a journal. A power cut leaves what was
// durable and, by the seed, some of what was not: of the journal a first part or any subset, in
// order; of unsynced writes whole sectors, one by one. What lies in a directory whose own name is
// lost is lost too. Directories at the root are mount points: always durable.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <set>

#include "base/env.hpp"

namespace varve::test {

enum class Fault { none, io_error, no_space, short_write, sync_fails, power };

class SimEnv final : public Env {
  public:
    explicit SimEnv(uint64_t seed) : random_(seed), root_(std::make_shared<Node>()) {
        root_->is_directory = true;
    }

    // The operation with this number (from now, 1 = the next) fails; `power` fails that and all
    // later ones until reboot(). Operations are those that change something, and reads too once
    // they are asked for.
    void fail_at(uint64_t operation, Fault fault);
    void count_reads(bool counted);
    uint64_t operations() const;
    // Called before each operation takes effect, with its number, by the thread that does it; may
    // call crash_image(). Null = nobody.
    void watch(std::function<void(uint64_t operation)> watcher);
    // The disk takes so many bytes and not more; 0 = no limit.
    void set_space(uint64_t limit_bytes);

    // What is left after a power cut becomes the disk's state.
    void reboot();
    // Like the end of a process: open files are closed, what was written stays.
    void end_process();
    // A disk of its own with what a power cut now would leave.
    std::unique_ptr<SimEnv> crash_image(uint64_t seed) const;

    // Changes one byte of a file for good.
    void flip(const std::string &path, uint64_t offset, uint8_t mask);
    std::vector<std::string> files() const;
    std::string content(const std::string &path) const;
    void put(const std::string &path, std::string content);

    Result<std::unique_ptr<File>> open(const std::string &path, uint32_t flags) override;
    Status rename(const std::string &from, const std::string &to) override;
    Status remove(const std::string &path) override;
    Status link(const std::string &from, const std::string &to) override;
    Status make_directory(const std::string &path) override;
    Result<std::vector<std::string>> list(const std::string &path) override;
    Status sync_directory(const std::string &path) override;
    Result<uint64_t> free_space(const std::string &path) override;
    int64_t now_ns() override { return Env::posix().now_ns(); }
    int64_t monotonic_ns() override { return Env::posix().monotonic_ns(); }
    void random(void *out, uint64_t size) override;

  private:
    friend class SimFile;
    struct Node;
    using NodePtr = std::shared_ptr<Node>;
    using Names = std::map<std::string, NodePtr>;
    struct Node {
        bool is_directory = false;
        std::string written;
        std::string synced;
        Names names;
        Names durable_names;
    };
    // A name that a directory gets (or loses: no node).
    struct Edit {
        NodePtr directory;
        std::string name;
        NodePtr node;
    };
    // One call; happens as a whole, and is durable with any of its directories.
    using Change = std::vector<Edit>;
    struct Place {
        NodePtr directory;  // null: there is none
        std::string name;
        NodePtr node;  // null: nothing has this name
    };

    // Counts an operation; the fault that strikes it. [locked]
    Fault strike();
    Fault strike_read() { return reads_counted_ ? strike() : Fault::none; }
    static Status status_of(Fault fault, const std::string &path);
    Place find(const std::string &path) const;
    void change(Change change);
    static void apply(const Change &change, Names Node::*names);
    uint64_t used_bytes(const Node &node) const;
    NodePtr survivor(const NodePtr &node, std::map<const Node *, NodePtr> &done,
                     const std::vector<Change> &kept);
    NodePtr copy(const NodePtr &node, std::map<const Node *, NodePtr> &done) const;
    void list_files(const Node &node, const std::string &path, std::vector<std::string> &out) const;
    std::string lose_sectors(const Node &node);

    mutable std::recursive_mutex mutex_;
    std::mt19937_64 random_;
    NodePtr root_;
    std::vector<Change> journal_;
    std::function<void(uint64_t)> watcher_;
    uint64_t operations_ = 0;
    uint64_t fault_at_ = 0;
    uint64_t space_max_ = 0;
    Fault fault_ = Fault::none;
    bool reads_counted_ = false;
    bool dead_ = false;
    uint64_t life_ = 0;
};

}  // namespace varve::test
