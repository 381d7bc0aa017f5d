from django.urls import path

from mysite import views

urlpatterns = [
    path("", views.index),
    path("sleep", views.sleep),
    path("async-sleep", views.async_sleep),
    path("cpu", views.cpu),
    path("stream", views.stream),
    path("upload", views.upload),
    path("greet/<str:name>", views.greet),
]
