"""Every route, a row each."""

from fastapi import APIRouter

from app.api.routes import (
    approvals,
    benchmark,
    debug,
    documents,
    feedback,
    gaps,
    health,
    metrics,
    models,
    openai,
    prompts,
    runs,
    traces,
)

router = APIRouter()
router.include_router(health.router, tags=["health"])
router.include_router(metrics.router, tags=["health"])
router.include_router(debug.router, prefix="/api/v1", tags=["debug"])
router.include_router(runs.router, prefix="/api/v1", tags=["runs"])
router.include_router(traces.router, prefix="/api/v1", tags=["runs"])
router.include_router(approvals.router, prefix="/api/v1", tags=["approvals"])
router.include_router(documents.router, prefix="/api/v1", tags=["documents"])
router.include_router(gaps.router, prefix="/api/v1", tags=["documents"])
router.include_router(feedback.router, prefix="/api/v1", tags=["feedback"])
router.include_router(prompts.router, prefix="/api/v1", tags=["prompts"])
router.include_router(models.router, prefix="/api/v1", tags=["models"])
router.include_router(models.short, tags=["models"])
router.include_router(benchmark.router, prefix="/api/v1", tags=["benchmark"])
router.include_router(benchmark.short, tags=["benchmark"])
router.include_router(openai.router, prefix="/v1", tags=["openai"])
