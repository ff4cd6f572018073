"""The rollout over HTTP, `/api/v4/rollout/…`: never gated, for service keys with the scope."""

from django.urls import path

from rollout.api import alerts, moves, reads, reports

ROOT = "api/v4/rollout"

urlpatterns = [
    path(f"{ROOT}/status", reads.Status.as_view(), name="v4-rollout-status"),
    path(f"{ROOT}/features", reads.Features.as_view(), name="v4-rollout-features"),
    path(f"{ROOT}/features/<str:name>", reads.Feature.as_view(), name="v4-rollout-feature"),
    path(
        f"{ROOT}/features/<str:name>/certificate",
        reads.CertificateOfFeature.as_view(),
        name="v4-rollout-certificate",
    ),
    path(f"{ROOT}/explain", reads.Explain.as_view(), name="v4-rollout-explain"),
    path(f"{ROOT}/history", reads.History.as_view(), name="v4-rollout-history"),
    path(f"{ROOT}/propagation", reads.PropagationNow.as_view(), name="v4-rollout-propagation"),
    path(f"{ROOT}/verify", reads.Verify.as_view(), name="v4-rollout-verify"),
    path(f"{ROOT}/alerts", alerts.Alerts.as_view(), name="v4-rollout-alerts"),
    path(
        f"{ROOT}/alerts/<int:alert_id>/acknowledge", alerts.Acknowledge.as_view(), name="v4-rollout-alert-acknowledge"
    ),
    path(f"{ROOT}/report", reports.WholeReport.as_view(), name="v4-rollout-report"),
    path(f"{ROOT}/flights", reports.Flights.as_view(), name="v4-rollout-flights"),
    path(f"{ROOT}/flights/<int:number>", reports.Flight.as_view(), name="v4-rollout-flight"),
    path(f"{ROOT}/start", moves.Start.as_view(), name="v4-rollout-start"),
    path(f"{ROOT}/advance", moves.Advance.as_view(), name="v4-rollout-advance"),
    path(f"{ROOT}/percentage", moves.Percentage.as_view(), name="v4-rollout-percentage"),
    path(f"{ROOT}/pause", moves.Pause.as_view(), name="v4-rollout-pause"),
    path(f"{ROOT}/resume", moves.Resume.as_view(), name="v4-rollout-resume"),
    path(f"{ROOT}/rollback", moves.Rollback.as_view(), name="v4-rollout-rollback"),
    path(f"{ROOT}/complete", moves.Complete.as_view(), name="v4-rollout-complete"),
    path(f"{ROOT}/reopen", moves.Reopen.as_view(), name="v4-rollout-reopen"),
    path(f"{ROOT}/holdout", moves.Holdout.as_view(), name="v4-rollout-holdout"),
    path(f"{ROOT}/override", moves.OverrideIdentity.as_view(), name="v4-rollout-override"),
    path(f"{ROOT}/testers", moves.Testers.as_view(), name="v4-rollout-testers"),
    path(f"{ROOT}/drill", moves.BeginDrill.as_view(), name="v4-rollout-drill"),
    path(f"{ROOT}/drill/end", moves.EndDrill.as_view(), name="v4-rollout-drill-end"),
]
