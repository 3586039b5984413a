// A storage engine on a directory (or disk) of its own, which tests start, stop and talk to.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "support/fake_host.hpp"
#include "support/scratch_folder.hpp"
#include "support/storage_client.hpp"

namespace varve::test {

struct EngineFactory {
    const varve_descriptor &(*descriptor)();
    std::unique_ptr<Plugin> (*make)(Host);
    bool durable = false;  // a restart keeps the data
    bool deletes = true;   // delete_rows and measurement_rename are built
};

// An engine on a directory of its own, restartable.
class Engine {
  public:
    explicit Engine(const EngineFactory &factory, Env &env = Env::posix(), std::string path = {})
        : factory_(factory), env_(env), path_(std::move(path)) {
        if (path_.empty()) path_ = scratch_.emplace().path();
        make_host();
    }
    ~Engine() { stop(); }

    FakeHost &host() { return *host_; }
    const std::string &path() const { return path_; }
    StorageClient &client() { return *client_; }

    Status start() {
        instance_ = make_instance(factory_.make(host_->host()));
        varve_error error = abi_error();
        const int32_t code = instance_->start(instance_, &error);
        if (code != VARVE_OK) {
            instance_->destroy(instance_);
            instance_ = nullptr;
            return Status::from_abi(code, error);
        }
        client_ = std::make_unique<StorageClient>(instance_);
        return client_->open_database();
    }
    void stop() {
        if (instance_ == nullptr) return;
        instance_->stop(instance_);
        instance_->destroy(instance_);
        instance_ = nullptr;
    }
    Status restart() {
        stop();
        return start();
    }

  private:
    void make_host() {
        host_ = std::make_unique<FakeHost>(env_, path_);
        host_->use_defaults(factory_.descriptor());
        host_->set("memtable_size_max", 64 << 10);
        host_->set("wal_segment_size", 256 << 10);
        host_->set("segments_max", 3);
        host_->set("maintenance_interval", 10'000'000);
    }

    EngineFactory factory_;
    Env &env_;
    std::string path_;
    std::optional<ScratchFolder> scratch_;  // where no path was given
    std::unique_ptr<FakeHost> host_;
    varve_instance *instance_ = nullptr;
    std::unique_ptr<StorageClient> client_;
};

}  // namespace varve::test
