"""`/metrics`: the rollout in the text formats that Prometheus reads, for keys that may read the rollout."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.http import HttpResponse
from django.urls import path
from django.utils import timezone
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request

from jewgo.core.api.view import ContractView
from rollout.metrics import families


class Families(Collector):
    """The metric families as they are when somebody asks."""

    def collect(self) -> Iterator[Metric]:
        return families(timezone.now())


class AnyFormat(BaseContentNegotiation):
    """A scraper names formats that no renderer of ours has; the encoder chooses among them."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class Metrics(ContractView):
    """The metrics of the whole service; one scrape of any worker is enough."""

    content_negotiation_class: Any = AnyFormat
    throttle_classes = ()
    cache_control: ClassVar[str] = "no-store"
    schema: Any = None

    def get(self, request: Request) -> HttpResponse:
        """Answer every family, in OpenMetrics where it is asked for, else in Prometheus' own format."""
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        registry = CollectorRegistry()
        registry.register(Families())
        return HttpResponse(encode(registry), content_type=content_type)


urlpatterns = [path("metrics", Metrics.as_view(), name="metrics")]
