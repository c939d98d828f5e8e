// From a path to its route: the first that knows the path answers.
#pragma once

#include "config/settings.hpp"
#include "proxy/http/message.hpp"
#include "proxy/routes/admin.hpp"
#include "proxy/routes/before.hpp"
#include "proxy/routes/explain.hpp"
#include "proxy/routes/for_machine.hpp"
#include "proxy/routes/machines.hpp"
#include "proxy/routes/matched_pages.hpp"
#include "proxy/routes/partner_torch.hpp"
#include "proxy/routes/pypi.hpp"
#include "proxy/routes/pytorch.hpp"

namespace yizhan {

class Router final : public Handler {
  public:
    Router(const Settings& settings, Store& store, Relay& relay)
        : min_age_(settings.pypi.min_age), pypi_pages_(pypi_index(settings), settings, store, relay),
          pytorch_pages_(pytorch_index(settings), settings, store, relay), machines_(settings, embedded_tables()),
          pypi_files_(pypi_index(settings), store, relay, pypi_pages_, pypi_pages_),
          pytorch_files_(pytorch_index(settings), store, relay, pytorch_pages_, pypi_pages_),
          ahead_(relay, pytorch_files_), partner_torch_(relay, pypi_files_, pytorch_files_),
          matched_(relay, pypi_pages_, pytorch_pages_, ahead_, partner_torch_), pypi_(pypi_pages_, pypi_files_),
          pytorch_(settings, store, relay, pytorch_pages_, pytorch_files_),
          for_machine_(machines_, matched_, pypi_pages_), explain_(machines_, matched_),
          admin_(settings, store, relay) {}

    std::optional<Response> at_once(const Request& request) override;
    Task<Response> handle(const Request& request) override;

    /// From now on /readyz says that the service is going away.
    void drain() { admin_.drain(); }

  private:
    std::optional<Response> at_once_here(const Request& request);
    Task<Response> handle_here(const Request& request);

    std::chrono::seconds min_age_;
    ProjectPages pypi_pages_;
    ProjectPages pytorch_pages_;
    Machines machines_;
    IndexFiles pypi_files_;
    IndexFiles pytorch_files_;
    MetadataAhead ahead_;
    PartnerTorch partner_torch_;
    MatchedPages matched_;

    PypiRoute pypi_;
    PytorchRoute pytorch_;
    MachineRoute for_machine_;
    ExplainRoute explain_;
    AdminRoute admin_;
};

} // namespace yizhan
